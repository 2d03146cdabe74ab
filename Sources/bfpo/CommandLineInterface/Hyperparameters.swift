import Basics

extension Arguments {
  /// The settings of `--set NAME=VALUE`, for ``CatalogueEntry/make(_:at:)``.
  ///
  /// - Throws: ``UserError`` (64) for anything that is not `NAME=VALUE`, a name given twice, or a number that is not finite.
  func hyperparameters() throws -> [String: JSONValue] { try settings(of: Option.set.name) }

  /// The values of a repeated option of the form NAME=VALUE.
  ///
  /// - Throws: ``UserError`` (64) for a text without `=`, a name given twice, or a number that is not finite.
  func settings(of option: String) throws -> [String: JSONValue] {
    var settings: [String: JSONValue] = [:]
    for text in options(option) {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw UserError(
          "`\(text)` does not set anything", at: place(option), advice: "write `--\(option) NAME=VALUE`",
          exitCode: .usage)
      }
      if settings.updateValue(try settingValue(parts[1], of: parts[0], option: option), forKey: parts[0]) != nil {
        throw UserError(
          "`\(parts[0])` is set twice", at: place(option), advice: "give it once", exitCode: .usage)
      }
    }
    return settings
  }

  private func settingValue(_ text: String, of name: String, option: String) throws -> JSONValue {
    if text == "true" || text == "false" { return .bool(text == "true") }
    guard let number = Double(text) else { return .string(text) }
    if number.isFinite { return .number(number) }
    throw UserError(
      "`\(name)` must be finite, got `\(text)`", at: place(option), advice: "give a number",
      exitCode: .usage)
  }
}
