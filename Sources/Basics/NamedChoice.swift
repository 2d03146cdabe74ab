/// A choice among names in a file that a person writes; a wrong name is answered with the nearest one, or with all.
public protocol NamedChoice: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == String {}

extension NamedChoice {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let choice = Self(rawValue: name) else {
      let advice = suggestion(for: name, among: Self.allCases.map(\.rawValue))
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such choice `\(name)` (\(advice))")
    }
    self = choice
  }
}
