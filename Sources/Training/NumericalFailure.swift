import Basics

extension UserError {
  /// A run that met its first non-finite number, or whose self-check failed.
  static func numerical(_ what: String, at location: String, because why: String, advice: String) -> UserError {
    UserError(what, at: location, because: why, advice: advice, exitCode: .numericalFailure)
  }
}
