import Synchronization

/// Progress on standard error: one line that is redrawn at most ten times a second on a terminal, else a plain line a minute.
///
/// Safe to call from several threads.
final class Progress: Sendable {
  private struct State {
    var done = 0
    var lastDrawn: ContinuousClock.Instant?
    var isDrawn = false
  }

  private let console: Console
  private let label: String
  private let total: Int
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  /// - Parameters:
  ///   - label: what is counted, such as `cells`.
  ///   - total: how many there are.
  init(_ label: String, total: Int, console: Console) {
    self.label = label
    self.total = total
    self.console = console
  }

  /// Says that `done` of the total are finished; `detail` is a few words about the present one.
  func update(_ done: Int, _ detail: String = "") {
    state.withLock { state in
      state.done = max(state.done, done)
      draw(&state, detail)
    }
  }

  /// Says that one more is finished.
  func advance(_ detail: String = "") {
    state.withLock { state in
      state.done += 1
      draw(&state, detail)
    }
  }

  /// A line that stays, such as the result of a cell or a failure.
  func line(_ text: String) {
    state.withLock { state in
      erase(&state)
      console.note(text)
    }
  }

  /// Removes the redrawn line.
  func finish() { state.withLock { erase(&$0) } }

  private func draw(_ state: inout State, _ detail: String) {
    guard console.verbosity > .quiet else { return }
    let now = ContinuousClock.now
    let interval: Duration = console.isTerminal ? .milliseconds(100) : .seconds(60)
    if now - (state.lastDrawn ?? (console.isTerminal ? start - interval : start)) < interval { return }
    state.lastDrawn = now
    let elapsed = seconds(now - start)
    var text = "\(state.done)/\(total) \(label), \(clockText(elapsed))"
    if state.done > 0, state.done < total {
      text += ", about \(clockText(elapsed * Double(total - state.done) / Double(state.done))) left"
    }
    if !detail.isEmpty { text += ", \(detail)" }
    if console.isTerminal {
      writeToStandardError("\r\u{1B}[K" + String(text.prefix(100)))
      state.isDrawn = true
    } else {
      console.note(text)
    }
  }

  private func erase(_ state: inout State) {
    if state.isDrawn { writeToStandardError("\r\u{1B}[K") }
    state.isDrawn = false
  }
}

/// A duration in seconds.
func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// `7 s`, `3 min 20 s` or `2 h 05 min`.
func clockText(_ seconds: Double) -> String {
  let whole = Int(seconds.rounded())
  func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
  return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
}
