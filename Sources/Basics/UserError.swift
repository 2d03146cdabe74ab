/// A mistake in something a person wrote or supplied: a file, a specification, an option.
///
/// It says what is wrong, where, why, and what to do next; the executable prints it and exits with `exitCode`.
public struct UserError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong, in one sentence without a final full stop.
  public var what: String
  /// The file, line, row, tensor or key concerned.
  public var location: String?
  /// Why it is wrong.
  public var why: String?
  /// What the reader can do about it.
  public var advice: String?
  public var exitCode: ExitCode
  /// What a record keeps beside the message, such as the curve of a run that ended without doing what it was for.
  public var evidence: JSONValue?

  public init(
    _ what: String, at location: String? = nil, because why: String? = nil, advice: String? = nil,
    exitCode: ExitCode
  ) {
    self.what = what
    self.location = location
    self.why = why
    self.advice = advice
    self.exitCode = exitCode
  }

  /// Runs `body`; an error of it carries the evidence, unless it has its own.
  public static func attaching(_ evidence: @autoclosure () -> JSONValue?, to body: () throws -> Void) throws {
    do {
      try body()
    } catch var error as UserError {
      error.evidence = error.evidence ?? evidence()
      throw error
    }
  }

  public var description: String {
    var text = "error: \(what)"
    if let location { text += "\n  where: \(location)" }
    if let why { text += "\n  why: \(why)" }
    if let advice { text += "\n  try: \(advice)" }
    return text
  }
}

/// The exit codes of the program (after `sysexits.h` where it has one).
public enum ExitCode: Int32, Sendable {
  case success = 0
  /// A claim that `verify` checks does not hold, or a number of the paper does not follow from the results.
  case claimFailed = 1
  /// Some cells of a sweep failed.
  case someCellsFailed = 2
  /// A non-finite number, or a failed self-check.
  case numericalFailure = 3
  /// A constraint no policy can satisfy.
  case infeasible = 4
  case usage = 64
  case badData = 65
  case inputMissing = 66
  /// A defect of this program.
  case bug = 70
  case cannotCreateOutput = 73
  /// Stopped after a checkpoint: run again to continue.
  case checkpointed = 75
  /// Interrupted by the user after a checkpoint.
  case interrupted = 130
}
