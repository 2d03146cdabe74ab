import Language

/// Dialogues written as one text, `Human: … Assistant: …`, as in HH-RLHF.
///
/// Source: Bai et al. 2022 (arXiv 2204.05862); the official files put two line ends before every speaker.
enum Transcript {
  /// The turns, in order, without white space around them; nil when the text does not begin with a speaker.
  ///
  /// A speaker counts only at the beginning or after two line ends, so that `Human:` inside a sentence stays text.
  static func turns(_ text: String) -> [ChatMessage]? {
    let bytes = Array(("\n\n" + trimmed(text)).utf8)
    var marks: [(start: Int, end: Int, role: String)] = []
    var position = 0
    while position + 2 < bytes.count {
      guard bytes[position] == 0x0a, bytes[position + 1] == 0x0a,
        let speaker = speakers.first(where: { bytes[(position + 2)...].starts(with: $0.label) })
      else {
        position += 1
        continue
      }
      let end = position + 2 + speaker.label.count
      marks.append((position, end, speaker.role))
      position = end
    }
    guard marks.first?.start == 0 else { return nil }
    return marks.indices.map { index in
      let end = index + 1 < marks.count ? marks[index + 1].start : bytes.count
      return ChatMessage(
        role: marks[index].role, content: trimmed(String(decoding: bytes[marks[index].end..<end], as: UTF8.self)))
    }
  }

  private static let speakers: [(label: [UInt8], role: String)] = [
    (Array("Human:".utf8), "user"), (Array("Assistant:".utf8), "assistant"),
  ]
}
