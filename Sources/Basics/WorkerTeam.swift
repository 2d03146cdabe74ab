import CVectorMath
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Calls `body` with numbers below `workers` on as many threads at once, at least on the calling one with 0.
///
/// The call returns when all that have begun have ended; a thread that does not come in time is not waited for, so the work itself
/// must be taken from what the callers share. Not every number is used.
///
/// Threads are kept, and wait in a loop for a tenth of a millisecond before they sleep: to wake one takes as long as a layer's
/// attention. A call beside another uses Dispatch instead, and one from inside another its own thread alone.
public func runTogether(_ workers: Int, _ body: @Sendable (_ worker: Int) -> Void) {
  if workers <= 1 || isInTeam.value { return body(0) }
  if WorkerTeam.shared.run(workers, body) { return }
  DispatchQueue.concurrentPerform(iterations: workers, execute: body)
}

/// Waits until a condition holds that others are about to meet: busy for some microseconds, then letting others run.
///
/// To sleep instead would make a wait longer whenever the system has put a thread aside.
public func waitBusily(until isMet: () -> Bool) {
  var turns = 0
  while !isMet() {
    turns += 1
    if turns < 500 { bfpo_pause() } else { sched_yield() }
  }
}

/// Whether this thread already works for a call.
private final class InTeam: Sendable {
  private let key: pthread_key_t = {
    var key = pthread_key_t()
    precondition(unsafe pthread_key_create(&key, nil) == 0, "no key for a thread's own memory")
    return key
  }()

  var value: Bool {
    get { unsafe pthread_getspecific(key) != nil }
    set { unsafe pthread_setspecific(key, newValue ? UnsafeRawPointer(bitPattern: 1) : nil) }
  }
}

private let isInTeam = InTeam()

/// Threads that are ready to help the one that calls.
private final class WorkerTeam: @unchecked Sendable {
  static let shared = WorkerTeam()

  /// The state of the call: see ``Gate``.
  private let gate = Atomic<UInt64>(0)
  /// Workers of the current call that have ended.
  private let left = Atomic(0)
  private let isBusy = Atomic(false)
  /// Whether the caller sleeps until the last worker has ended.
  private let isCallerAsleep = Atomic(false)
  private let callersBell = DispatchSemaphore(value: 0)
  /// Of the current call; written before the gate opens, read by those who pass it.
  private var body: (@Sendable (Int) -> Void)?
  /// Only the busy caller touches it.
  private var members: [Member] = []

  /// A thread of the team.
  private final class Member: Sendable {
    let isAsleep = Atomic(false)
    let bell = DispatchSemaphore(value: 0)
  }

  /// Which call it is, whether others may still join it, how many may, and how many have.
  private struct Gate {
    var bits: UInt64
    var call: UInt64 { bits >> 33 }
    var isOpen: Bool { bits & 1 << 32 != 0 }
    var limit: Int { Int(bits >> 16 & 0xffff) }
    var joined: Int { Int(bits & 0xffff) }

    static func opened(after gate: Gate, limit: Int) -> Gate {
      Gate(bits: (gate.call + 1) << 33 | 1 << 32 | UInt64(limit) << 16)
    }
  }

  /// False when another call is under way.
  func run(_ workers: Int, _ body: @Sendable (Int) -> Void) -> Bool {
    if isBusy.exchange(true, ordering: .acquiring) { return false }
    defer { isBusy.store(false, ordering: .releasing) }
    let helpers = min(workers - 1, 0xffff)
    while members.count < helpers { enlist() }
    withoutActuallyEscaping(body) { body in
      self.body = body
      left.store(0, ordering: .relaxed)
      let opened = Gate.opened(after: Gate(bits: gate.load(ordering: .relaxed)), limit: helpers)
      gate.store(opened.bits, ordering: .sequentiallyConsistent)
      for member in members.prefix(helpers) where member.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
        member.bell.signal()
      }
      isInTeam.value = true
      body(0)
      isInTeam.value = false
      waitForAll(Gate(bits: gate.bitwiseAnd(~(1 << 32), ordering: .acquiringAndReleasing).oldValue).joined)
      self.body = nil
    }
    return true
  }

  /// Waits for those who have joined: for a moment in a loop, then asleep, for a last task may take hours.
  private func waitForAll(_ joined: Int) {
    for _ in 0..<turnsBeforeSleep {
      if left.load(ordering: .acquiring) == joined { return }
      bfpo_pause()
    }
    while true {
      isCallerAsleep.store(true, ordering: .sequentiallyConsistent)
      if left.load(ordering: .sequentiallyConsistent) == joined,
        isCallerAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        return
      }
      callersBell.wait()
      if left.load(ordering: .acquiring) == joined { return }
    }
  }

  private func enlist() {
    let member = Member()
    members.append(member)
    DispatchQueue(label: "bfpo.worker.\(members.count)").async { self.serve(member) }
  }

  private func serve(_ member: Member) {
    var last: UInt64 = 0
    isInTeam.value = true
    while true {
      guard let number = waitForCall(after: &last, member) else { continue }
      body!(number)
      left.add(1, ordering: .sequentiallyConsistent)
      if isCallerAsleep.exchange(false, ordering: .sequentiallyConsistent) { callersBell.signal() }
    }
  }

  /// The number to run the next call with; nil when others have taken all.
  private func waitForCall(after last: inout UInt64, _ member: Member) -> Int? {
    var turns = 0
    while true {
      let now = Gate(bits: gate.load(ordering: .acquiring))
      if now.call != last && now.isOpen {
        if now.joined >= now.limit {
          last = now.call
          return nil
        }
        let attempt = gate.compareExchange(
          expected: now.bits, desired: now.bits + 1, ordering: .acquiringAndReleasing)
        if attempt.exchanged {
          last = now.call
          return now.joined + 1
        }
        continue
      }
      turns += 1
      if turns < turnsBeforeSleep {
        bfpo_pause()
      } else {
        sleep(member, seen: now.bits)
        turns = 0
      }
    }
  }

  /// Sleeps until a caller rings, unless the gate has changed.
  private func sleep(_ member: Member, seen: UInt64) {
    member.isAsleep.store(true, ordering: .sequentiallyConsistent)
    if gate.load(ordering: .sequentiallyConsistent) != seen,
      member.isAsleep.exchange(false, ordering: .sequentiallyConsistent)
    {
      return
    }
    member.bell.wait()
  }
}

/// About a tenth of a millisecond on x86-64.
private let turnsBeforeSleep = 5000
