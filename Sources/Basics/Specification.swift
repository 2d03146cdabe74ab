/// A value read from a file that a person wrote: unknown keys are errors, absent keys take documented defaults.
///
/// `Decodable` alone ignores unknown keys, so a misspelt `taau` would silently run the default.
public protocol Specification: Codable, Sendable {
  /// Every key the value understands.
  static var keys: [String] { get }
  /// Defaults of the keys that may be absent.
  static var defaults: [String: JSONValue] { get }
  /// What is wrong with the values, or nil.
  var complaint: String? { get }
}

extension Specification {
  public static var defaults: [String: JSONValue] { [:] }
  public var complaint: String? { nil }

  /// Reads the value strictly.
  ///
  /// - Parameter location: where the value stands, such as `Experiments/x.json5, training`.
  /// - Throws: ``UserError`` (65) for an unknown key (the nearest is suggested), a missing key, a wrong type, or a complaint.
  public init(strictly json: JSONValue, at location: String) throws {
    guard let given = json.object else {
      throw UserError("expected an object `{…}`", at: location, exitCode: .badData)
    }
    for key in given.keys.sorted() where !Self.keys.contains(key) {
      throw UserError(
        "unknown key `\(key)`", at: location, advice: suggestion(for: key, among: Self.keys), exitCode: .badData)
    }
    do {
      self = try JSONValue.object(Self.defaults.merging(given) { $1 }).decode(Self.self)
    } catch let error as UserError {
      throw error
    } catch {
      throw UserError(
        "the specification cannot be read", at: location, because: decodingReason(error),
        advice: "keys here: \(Self.keys.sorted().joined(separator: ", "))", exitCode: .badData)
    }
    if let complaint {
      throw UserError("a value is out of range", at: location, because: complaint, exitCode: .badData)
    }
  }

  /// The encoded form of a value, as defaults.
  public static func members(of value: Self) -> [String: JSONValue] {
    guard let members = try? JSONValue(encoding: value).object else {
      preconditionFailure("the defaults of \(Self.self) do not encode as an object")
    }
    return members
  }
}
