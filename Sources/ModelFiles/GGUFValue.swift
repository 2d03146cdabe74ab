/// The thirteen types of a GGUF metadata value, with their numbers in the file.
public enum GGUFValueType: UInt32, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of a value; a string's and an array's depend on the content.
  var fixedSize: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  /// The fewest bytes one element of an array can take.
  var smallestSize: Int { fixedSize ?? 8 }
}

/// A metadata value of a GGUF file.
public enum GGUFValue: Equatable, Sendable {
  case unsigned(UInt64)
  case signed(Int64)
  case float(Double)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)

  /// The value when it is an integer that fits.
  public var integer: Int? {
    switch self {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(value)
    default: nil
    }
  }

  /// The value when it is a number of any kind.
  public var number: Double? {
    switch self {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: GGUFArray? { if case .array(let value) = self { value } else { nil } }
}

/// Where an array's elements lie in the file: they are decoded only when asked for, so that a hostile count costs nothing.
public struct GGUFArray: Equatable, Sendable {
  public let elementType: GGUFValueType
  public let count: Int
  /// Position of the first element in the file, bytes.
  let offset: Int
}
