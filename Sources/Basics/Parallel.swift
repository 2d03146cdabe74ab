import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Processors that are online.
public func processorCount() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

/// Runs `body(0), …, body(count − 1)`, each exactly once, on at most `workers` threads.
///
/// Which thread runs which index is not defined, so `body` must write only where its index says; then the result does not
/// depend on `workers`. The call returns when all are done.
public func parallelForEach(_ count: Int, workers: Int, _ body: @Sendable (Int) -> Void) {
  if count <= 1 || workers <= 1 {
    for i in 0..<max(count, 0) { body(i) }
    return
  }
  let next = Atomic(0)
  runTogether(min(workers, count)) { _ in
    while true {
      let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if i >= count { return }
      body(i)
    }
  }
}

/// `body(0), …, body(count − 1)`, in that order, computed on at most `workers` threads.
public func parallelMap<Value: Sendable>(_ count: Int, workers: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
  let values = Mutex<[Value?]>(Array(repeating: nil, count: max(count, 0)))
  parallelForEach(count, workers: workers) { index in
    let value = body(index)
    values.withLock { $0[index] = value }
  }
  return values.withLock { $0.compactMap(\.self) }
}
