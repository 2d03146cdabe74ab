import Basics

/// The rows of a data file one after the other: the lines of JSON Lines, or the elements of a JSON list.
///
/// A copy continues on its own from where the original is, which is how the first rows are looked at before they are read.
struct RowIterator {
  private let file: DataFile
  private var parser: JSONTextParser
  private let isList: Bool
  private var rowCount = 0
  private var line = 1
  /// The byte up to which line ends have been counted.
  private var counted: Int
  private var isFinished = false

  init(_ file: DataFile) {
    self.file = file
    counted = file.start
    parser = JSONTextParser(file.bytes, in: file.start..<file.bytes.count)
    isList = parser.skip("[")
  }

  /// The next row, or nil after the last.
  ///
  /// - Throws: ``UserError`` (65) naming file, line and column when the text is not JSON or the row is not an object.
  mutating func next() throws -> RowFields? {
    guard !isFinished else { return nil }
    let next = try isList ? nextElement() : nextLine()
    if next == nil, rowCount == 0 {
      throw UserError("the file has no rows", at: file.name, because: "its list is empty", exitCode: .badData)
    }
    return next
  }

  private mutating func nextLine() throws -> RowFields? {
    guard parser.peek() != nil else {
      isFinished = true
      return nil
    }
    advanceLine(to: parser.position)
    let end = file.bytes[parser.position...].firstIndex(of: 0x0a) ?? file.bytes.count
    var row = JSONTextParser(file.bytes, in: parser.position..<end)
    let value = try checked(from: parser.position, parser: &row)
    if row.peek() != nil { throw located(row.failure("something follows the object on its line")) }
    parser = JSONTextParser(file.bytes, in: end..<file.bytes.count)
    return try fields(of: value)
  }

  private mutating func nextElement() throws -> RowFields? {
    if rowCount == 0 ? parser.skip("]") : !parser.skip(",") {
      if rowCount > 0, !parser.skip("]") { throw located(parser.failure("a comma or `]` is expected after a row")) }
      if parser.peek() != nil { throw located(parser.failure("something follows the list")) }
      isFinished = true
      return nil
    }
    _ = parser.peek()
    advanceLine(to: parser.position)
    var element = parser
    let value = try checked(from: parser.position, parser: &element)
    parser = element
    return try fields(of: value)
  }

  private func checked(from start: Int, parser: inout JSONTextParser) throws -> JSONValue {
    let value: JSONValue
    do {
      value = try parser.value()
    } catch {
      throw located(error)
    }
    if parser.position - start > file.limits.rowBytes {
      throw UserError(
        "a row is too long", at: "\(file.name):\(line)",
        because: "it has \(parser.position - start) bytes, the limit is \(file.limits.rowBytes)",
        advice: "check that every row ends with a line end", exitCode: .badData)
    }
    return value
  }

  private mutating func fields(of value: JSONValue) throws -> RowFields {
    rowCount += 1
    guard case .object(let members) = value else {
      throw UserError(
        "a row is not a JSON object", at: "\(file.name):\(line)", because: "found \(RowFields.described(value))",
        advice: "every row should be an object such as {\"prompt\": …}", exitCode: .badData)
    }
    return RowFields(members: members, file: file.name, line: line)
  }

  private mutating func advanceLine(to position: Int) {
    while counted < position {
      if file.bytes[counted] == 0x0a { line += 1 }
      counted += 1
    }
  }

  /// The error with file, line and column (bytes, from 1) in front.
  private func located(_ error: JSONSyntaxError) -> UserError {
    let before = file.bytes[..<min(error.offset, file.bytes.count)]
    let errorLine = 1 + before.count(where: { $0 == 0x0a })
    let column = error.offset - (before.lastIndex(of: 0x0a) ?? file.start - 1)
    let place = "\(file.name):\(errorLine):\(column)"
    if error.isEncoding {
      return UserError(
        "the file is not UTF-8", at: place, because: error.reason,
        advice: "convert it to UTF-8, for example with iconv", exitCode: .badData)
    }
    return UserError(
      "a row is not valid JSON", at: place, because: error.reason,
      advice: isList ? "check quotes, commas and brackets near that place" : "every line should be one JSON object",
      exitCode: .badData)
  }
}
