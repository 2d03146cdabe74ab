import Basics
import Foundation
import Synchronization

/// Ctrl-C, SIGTERM and SIGUSR1: the first asks the command to stop at the next safe point, a second Ctrl-C or SIGTERM stops it now.
enum Interruption {
  /// Starts listening. Long commands call this and look at ``isRequested`` between steps.
  static func listen() {
    for number in [SIGINT, SIGTERM, SIGUSR1] {
      signal(number) { number in
        if requests.wrappingAdd(1, ordering: .relaxed).newValue == 1 { first.store(number, ordering: .relaxed) }
        if number != SIGUSR1, impatience.wrappingAdd(1, ordering: .relaxed).newValue > 1 {
          _exit(Interruption.exitCode.rawValue)
        }
      }
    }
    // A parent may have started this process from a thread that blocks signals, and children inherit that.
    var ours = sigset_t()
    unsafe sigemptyset(&ours)
    for number in [SIGINT, SIGTERM, SIGUSR1] { unsafe sigaddset(&ours, number) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &ours, nil)
  }

  /// Asks as SIGTERM does; if somebody has asked before, stops now.
  static func parentIsGone() {
    if isRequested { _exit(exitCode.rawValue) }
    requests.add(1, ordering: .relaxed)
  }

  static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// 130 after Ctrl-C; 75, "run again", when a scheduler asked.
  static var exitCode: ExitCode { first.load(ordering: .relaxed) == SIGINT ? .interrupted : .checkpointed }
}

private let requests = Atomic(0)
private let impatience = Atomic(0)
private let first = Atomic<Int32>(0)
