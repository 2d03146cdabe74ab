/// A stretch of text, or a token found in it.
enum TextPart: Equatable {
  case text(String)
  case token(Int32)
}

/// Cuts text at whole-string tokens: leftmost first, the longest where several begin.
func splitting(_ text: String, at tokens: [String: Int32]) -> [TextPart] {
  let bytes = Array(text.utf8)
  let candidates = tokens.map { (bytes: Array($0.key.utf8), id: $0.value) }.filter { !$0.bytes.isEmpty }
    .sorted { $0.bytes.count > $1.bytes.count }
  let firstBytes = Set(candidates.map { $0.bytes[0] })
  var parts: [TextPart] = []
  var start = 0
  var position = 0
  func flush() {
    if start < position { parts.append(.text(String(decoding: bytes[start..<position], as: UTF8.self))) }
  }
  while position < bytes.count {
    guard firstBytes.contains(bytes[position]),
      let found = candidates.first(where: { bytes[position...].starts(with: $0.bytes) })
    else {
      position += 1
      continue
    }
    flush()
    parts.append(.token(found.id))
    position += found.bytes.count
    start = position
  }
  flush()
  return parts
}
