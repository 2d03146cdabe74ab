import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks the command to stop at the next safe point, the second stops it now.
enum Interruption {
  /// Starts listening. Long commands call this and look at ``isRequested`` between steps.
  static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if requests.wrappingAdd(1, ordering: .relaxed).newValue > 1 { _exit(130) }
      }
    }
  }

  static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }
}

private let requests = Atomic(0)
