/// An opaque colour in sRGB.
public struct Colour: Hashable, Sendable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// From a number such as 0x0072B2.
  public init(_ code: UInt32) {
    precondition(code <= 0xFFFFFF, "a colour has six hexadecimal digits")
    self.init(
      red: UInt8(truncatingIfNeeded: code >> 16), green: UInt8(truncatingIfNeeded: code >> 8),
      blue: UInt8(truncatingIfNeeded: code))
  }

  /// A share of another colour mixed in: 0 is self, 1 is `other`.
  public func mixed(with other: Colour, share: Double) -> Colour {
    precondition((0...1).contains(share), "a share lies in 0…1, got \(share)")
    func mix(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8((Double(a) * (1 - share) + Double(b) * share).rounded()) }
    return Colour(red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
  }

  /// The form `#0072B2`.
  public var hex: String {
    let digits = Array("0123456789ABCDEF")
    return [red, green, blue].reduce(into: "#") { text, part in
      text.append(digits[Int(part >> 4)])
      text.append(digits[Int(part & 15)])
    }
  }

  // The eight colours of Okabe and Ito (2008), told apart with every common kind of colour vision.
  public static let black = Colour(0x000000)
  public static let orange = Colour(0xE69F00)
  public static let skyBlue = Colour(0x56B4E9)
  public static let bluishGreen = Colour(0x009E73)
  public static let yellow = Colour(0xF0E442)
  public static let blue = Colour(0x0072B2)
  public static let vermillion = Colour(0xD55E00)
  public static let reddishPurple = Colour(0xCC79A7)

  public static let white = Colour(0xFFFFFF)
  /// Text and axes.
  public static let ink = Colour(0x222222)
  /// Secondary text and leader lines.
  public static let grey = Colour(0x6B6B6B)
  /// Grid lines.
  public static let mist = Colour(0xE6E6E6)
}
