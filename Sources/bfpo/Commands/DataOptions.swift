import Basics
import Foundation
import Preferences

extension Option {
  static let dataFormat = Option(
    "format", value: "FORMAT", "How the rows are written.", choices: DataFormat.allCases.map(\.rawValue),
    defaultText: "detected from the first rows")
  static let dataOrder = Option(
    "order", value: "ORDER", "By which order `chosen` beats `rejected`, where the file does not say.",
    choices: CarriedOrder.allCases.map(\.rawValue), defaultText: "not known")
}

extension Positional {
  /// One data file, or several.
  static func dataFile(isRepeated: Bool = false) -> Positional {
    Positional("FILE", "Preference data: JSON Lines or a JSON list, plain or gzip.", isRepeated: isRepeated)
  }
}

extension Arguments {
  /// Reads a data file for looking at: an order that nobody named is left unknown.
  func preferenceFile(_ name: String) throws -> PreferenceFile {
    let options = ReadOptions(
      format: option(Option.dataFormat.name).flatMap(DataFormat.init(rawValue:)),
      order: option(Option.dataOrder.name).flatMap(CarriedOrder.init(rawValue:)), allowsUnnamedOrder: true, ties: .drop)
    return try PreferenceFile(reading: DataSearchPath.standard().find(name), name: name, options: options)
  }
}

/// A count with thousands separators, as tables show it.
func grouped(_ count: Int) -> String {
  var digits = Array(String(abs(count)))
  var position = digits.count - 3
  while position > 0 {
    digits.insert(",", at: position)
    position -= 3
  }
  return (count < 0 ? "−" : "") + String(digits)
}
