import Basics
import Foundation
import Synchronization

/// Who is running which cell: `claims/<cell>` is a symbolic link to `runners/<token>.json`, the process that runs it.
///
/// Making a link is atomic and exclusive on local and network file systems, so a cell has one runner. A claim is stale when its
/// process is gone, or, for a process of another machine, when the heartbeat (the modification time of its file) has not changed
/// while this process watched for ``staleAfter``: no two clocks are ever compared, so clocks that disagree or go backwards do no
/// harm. Stale claims are taken over under a lock (`flock`), one process at a time.
public final class CellClaims: Sendable {
  public let runner: Runner
  private let folder: ResultsFolder
  private let staleAfter: Duration
  private let heartbeats = Mutex<[String: Observation]>([:])
  private let known = Mutex<[String: Runner]>([:])
  private let pulse: Heartbeat

  /// What this process last saw of another's heartbeat.
  private struct Observation {
    var stamp: FileStamp?
    var since: ContinuousClock.Instant
    var hasMoved = false
  }

  /// How long a heartbeat of another machine must stand still.
  public static let staleAfter = Duration.seconds(120)

  /// Makes this process known to others.
  ///
  /// - Throws: ``UserError`` (73) when the folder cannot be written.
  public init(_ folder: ResultsFolder, staleAfter: Duration = CellClaims.staleAfter) throws {
    self.folder = folder
    self.staleAfter = staleAfter
    runner = .current()
    for part in [folder.claimsFolder, folder.runnersFolder] { try makeFolder(part) }
    let file = folder.runnerFile(runner.token)
    try AtomicFile.write(try canonicalJSON(runner, pretty: true) + "\n", to: file)
    pulse = Heartbeat(file)
  }

  /// Ends the heartbeat; this process must have released its claims.
  public func close() {
    pulse.stop()
    try? FileManager.default.removeItem(at: folder.runnerFile(runner.token))
    removeTraces()
  }

  // MARK: Claiming

  /// Whether the cell is now this process's to run; false when a live process has it.
  ///
  /// The caller looks at the cell's record again afterwards: its last runner may just have finished it.
  ///
  /// - Throws: ``UserError`` (73) when claims cannot be written.
  public func acquire(_ id: String) throws -> Bool {
    while true {
      let failure = link(folder.claimFile(id))
      if failure == 0 { return true }
      guard failure == EEXIST else { throw cannotClaim(failure) }
      guard let token = folder.claimant(id) else { continue }
      if isAlive(token) { return false }
      if try takeOver(id, from: token) { return true }
    }
  }

  /// Gives a cell back, whether it is done or not.
  public func release(_ id: String) {
    // Under the lock, so that nobody takes the claim over between the look and the removal.
    try? whileLocked { if folder.claimant(id) == runner.token { unsafe unlink(folder.claimFile(id).path) } }
  }

  /// Whether another process has the cell and lives, as far as is known now.
  public func isHeld(_ id: String) -> Bool {
    guard let token = folder.claimant(id), token != runner.token else { return false }
    return isAlive(token)
  }

  /// Whether it is settled that the cell's runner lives; false asks to wait and look again.
  func isSettled(_ id: String) -> Bool {
    guard let token = folder.claimant(id), let runner = runner(token) else { return true }
    return runner.liveness != .unknown || heartbeats.withLock { $0[token]?.hasMoved ?? false }
  }

  private func takeOver(_ id: String, from token: String) throws -> Bool {
    try whileLocked {
      guard folder.claimant(id) == token else { return false }
      let mine = folder.claimsFolder.appendingPathComponent(".\(id).\(runner.token)")
      let failure = link(mine)
      if failure != 0 { throw cannotClaim(failure) }
      if unsafe rename(mine.path, folder.claimFile(id).path) != 0 { throw cannotClaim(errno) }
      return true
    }
  }

  private func link(_ file: URL) -> Int32 {
    unsafe symlink("../runners/\(runner.token).json", file.path) == 0 ? 0 : errno
  }

  private func cannotClaim(_ failure: Int32) -> UserError {
    UserError(
      "cannot claim a cell", at: folder.claimsFolder.path, because: unsafe String(cString: strerror(failure)),
      advice: "check that you may write there, and that the disk is not full; what is done is kept",
      exitCode: .cannotCreateOutput)
  }

  private func whileLocked<T>(_ body: () throws -> T) throws -> T {
    try lock.withLock { _ in
      let file = unsafe open(
        folder.claimsFolder.appendingPathComponent(".lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard file >= 0 else { throw cannotClaim(errno) }
      defer { Foundation.close(file) }
      while flock(file, LOCK_EX) != 0 { if errno != EINTR { throw cannotClaim(errno) } }
      return try body()
    }
  }

  private let lock = Mutex(())

  // MARK: Whether others live

  private func isAlive(_ token: String) -> Bool {
    switch runner(token)?.liveness ?? .unknown {
    case .alive: return true
    case .dead: return false
    case .unknown: break
    }
    let stamp = FileStamp(folder.runnerFile(token))
    let now = ContinuousClock.now
    return heartbeats.withLock { all in
      var seen = all[token] ?? Observation(stamp: stamp, since: now)
      if seen.stamp != stamp { seen = Observation(stamp: stamp, since: now, hasMoved: true) }
      if now - seen.since >= staleAfter { seen.hasMoved = false }
      all[token] = seen
      return now - seen.since < staleAfter
    }
  }

  private func runner(_ token: String) -> Runner? {
    if let known = known.withLock({ $0[token] }) { return known }
    let runner = folder.runner(token)
    if let runner { known.withLock { $0[token] = runner } }
    return runner
  }

  // MARK: Traces of processes that are gone

  /// What processes that were killed left of records, unless somebody is writing them.
  private func unfinishedRecords() -> [URL] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.cellsFolder.path)) ?? []
    return files.filter { $0.hasPrefix(".") && $0.hasSuffix(".part") }.map(folder.cellsFolder.appendingPathComponent)
  }

  /// Removes claims on cells that are done, files of processes of this machine that are gone and claim nothing.
  func removeTraces() {
    try? whileLocked {
      // Listed before the runners: who writes one of these now is among the runners then.
      let parts = unfinishedRecords()
      var claimants: Set<String> = []
      var isAlone = true
      for (id, token) in folder.claims() {
        if folder.state(id)?.status == .done, runner(token)?.liveness == .dead {
          unsafe unlink(folder.claimFile(id).path)
        } else {
          claimants.insert(token)
        }
      }
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.runnersFolder.path)) ?? []
      for file in files where file.hasSuffix(".json") {
        let token = String(file.dropLast(5))
        if !claimants.contains(token), token != runner.token, runner(token)?.liveness == .dead {
          unsafe unlink(folder.runnerFile(token).path)
        } else if token != runner.token {
          isAlone = false
        }
      }
      if isAlone { for part in parts { unsafe unlink(part.path) } }
    }
  }
}

/// A thread that touches a file every ten seconds.
private final class Heartbeat: Sendable {
  private let isOver = Atomic(false)

  init(_ file: URL) {
    let path = file.path
    Thread.detachNewThread { [self] in
      var quarters = 0
      while !isOver.load(ordering: .relaxed) {
        Thread.sleep(forTimeInterval: 0.25)
        quarters += 1
        // Without a time, the file server's clock is used, and nothing has to fit on a full disk.
        if quarters % 40 == 0 { unsafe utimensat(AT_FDCWD, path, nil, 0) }
      }
    }
  }

  func stop() { isOver.store(true, ordering: .relaxed) }
}

/// What changes when a file is written again or touched.
struct FileStamp: Equatable, Sendable {
  var node: UInt64
  var seconds: Int
  var nanoseconds: Int

  /// Nil when there is no such file. Opening it asks a network file system for the present state.
  init?(_ url: URL) {
    let file = unsafe open(url.path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    self.init(descriptor: file)
  }

  init?(descriptor: Int32) {
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0 else { return nil }
    node = UInt64(information.st_ino)
    #if canImport(Darwin)
      let time = information.st_mtimespec
    #else
      let time = information.st_mtim
    #endif
    (seconds, nanoseconds) = (time.tv_sec, time.tv_nsec)
  }
}

private func makeFolder(_ url: URL) throws {
  do {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  } catch {
    throw UserError(
      "cannot make the folder", at: url.path, because: (error as NSError).localizedDescription,
      advice: "check that you may write there, and that the disk is not full", exitCode: .cannotCreateOutput)
  }
}
