/// Writes an SVG document, one element a line, with presentation attributes only.
struct SVGWriter {
  typealias Attributes = KeyValuePairs<String, String>

  private(set) var text = ""
  private var open: [String] = []

  /// Begins an element that contains others.
  mutating func begin(_ name: String, _ attributes: Attributes = [:]) {
    indent()
    text += "<\(name)\(Self.list(attributes))>\n"
    open.append(name)
  }

  /// Ends the innermost open element.
  mutating func end() {
    precondition(!open.isEmpty, "end() without an open element")
    let name = open.removeLast()
    indent()
    text += "</\(name)>\n"
  }

  /// An element without children, optionally with a text or with a note that viewers show on hovering.
  mutating func element(_ name: String, _ attributes: Attributes, text content: String? = nil, note: String? = nil) {
    indent()
    text += "<\(name)\(Self.list(attributes))"
    if let content {
      text += ">\(Self.escaped(content))</\(name)>\n"
    } else if let note {
      text += "><title>\(Self.escaped(note))</title></\(name)>\n"
    } else {
      text += "/>\n"
    }
  }

  private mutating func indent() { text += String(repeating: " ", count: open.count) }

  private static func list(_ attributes: Attributes) -> String {
    attributes.reduce(into: "") { list, attribute in
      guard !attribute.value.isEmpty else { return }
      list += " \(attribute.key)=\"\(escaped(attribute.value))\""
    }
  }

  /// Text that is safe inside an element or a double-quoted attribute: markup escaped, characters that XML forbids replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += " "
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
