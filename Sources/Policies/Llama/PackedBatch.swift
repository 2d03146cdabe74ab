import Basics
import Kernels

/// Queries laid out in rows without padding; adjacent queries with the same prompt share its rows.
///
///     prompt | response 1 without its last token | response 2 without its last token | next prompt | …
///
/// A response's positions continue from the prompt's end. The last prompt row predicts the first token of every response of its
/// group, a response row the token after it; the last token predicts nothing and has no row.
struct PackedBatch: Sendable {
  /// [rows].
  private(set) var tokens: [Int32] = []
  /// Place in the sequence, [rows].
  private(set) var positions: [Int32] = []
  private(set) var groups: [AttentionGroup] = []
  /// Prompts and responses that have rows, in the order of their rows.
  private(set) var texts: [Text] = []
  /// Rows whose hidden state predicts something, ascending, [predicting rows].
  private(set) var predictingRows: [Int] = []
  private(set) var targets = PredictionTargets(starts: [0], tokens: [])
  /// The query each target belongs to, [targets].
  private(set) var queryOfTarget: [Int] = []
  /// The targets of each query, in the order of its tokens, [queries][tokens].
  private(set) var targetsOfQuery: [[Int]] = []

  var rows: Int { tokens.count }

  /// A prompt or a response with the tokens that decide its hidden states.
  struct Text: Sendable {
    let rows: Range<Int>
    let prompt: [Int32]
    /// To its last token, which has a row only in a batch of extended queries; nil for the prompt itself.
    let response: [Int32]?
  }

  /// - Parameter isExtended: whether the last token of every response is no part of it, but gives the one before a row.
  init(_ queries: ArraySlice<TokenQuery>, isExtended: Bool = false) {
    for group in PackedBatch.groups(of: queries) { append(queries[group], isExtended) }
  }

  /// Ranges of adjacent queries with identical prompts.
  static func groups(of queries: ArraySlice<TokenQuery>) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var start = queries.startIndex
    for index in queries.indices.dropFirst() where queries[index].prompt != queries[start].prompt {
      groups.append(start..<index)
      start = index
    }
    if start < queries.endIndex { groups.append(start..<queries.endIndex) }
    return groups
  }

  /// Rows that a group of queries will take.
  static func rowCount(of group: ArraySlice<TokenQuery>) -> Int {
    group.reduce(group.first?.prompt.count ?? 0) { $0 + max($1.response.count - 1, 0) }
  }

  private mutating func append(_ group: ArraySlice<TokenQuery>, _ isExtended: Bool) {
    let prompt = group.first!.prompt
    precondition(!prompt.isEmpty, "a prompt needs at least one token")
    let start = rows
    let shared = start..<start + prompt.count
    appendRows(prompt[...], from: 0)
    texts.append(Text(rows: shared, prompt: prompt, response: nil))
    var spans = [AttentionSpan(own: shared, shared: start..<start)]
    let firstQuery = targetsOfQuery.count
    targetsOfQuery.append(contentsOf: group.map { _ in [] })
    predictingRows.append(shared.upperBound - 1)
    for (index, query) in group.enumerated() where !query.response.isEmpty {
      addTarget(query.response[0], query: firstQuery + index)
    }
    targets.starts.append(targets.tokens.count)
    for (index, query) in group.enumerated() where query.response.count > 1 {
      let own = rows..<rows + query.response.count - 1
      appendRows(query.response.dropLast(), from: prompt.count)
      spans.append(AttentionSpan(own: own, shared: shared))
      let response = isExtended ? Array(query.response.dropLast()) : query.response
      texts.append(Text(rows: own, prompt: prompt, response: response))
      for (offset, row) in own.enumerated() {
        predictingRows.append(row)
        addTarget(query.response[offset + 1], query: firstQuery + index)
        targets.starts.append(targets.tokens.count)
      }
    }
    groups.append(AttentionGroup(rows: start..<rows, spans: spans))
  }

  private mutating func appendRows(_ new: ArraySlice<Int32>, from position: Int) {
    tokens.append(contentsOf: new)
    positions.append(contentsOf: (position..<position + new.count).map(Int32.init))
  }

  private mutating func addTarget(_ token: Int32, query: Int) {
    targetsOfQuery[query].append(targets.tokens.count)
    targets.tokens.append(token)
    queryOfTarget.append(query)
  }

  /// The row that predicts each query's last token, as an index into ``predictingRows``, [queries]; no response is empty.
  var lastPredictions: [Int] { predictions.map { $0.last! } }

  /// The row that predicts each response token, as an index into ``predictingRows``, [queries][tokens].
  var predictions: [[Int]] {
    var rowOfTarget = [Int](repeating: 0, count: targets.tokens.count)
    for row in 0..<targets.rows {
      for target in targets.starts[row]..<targets.starts[row + 1] { rowOfTarget[target] = row }
    }
    return targetsOfQuery.map { $0.map { rowOfTarget[$0] } }
  }

  /// The longest sequence's length.
  var positionCount: Int { Int(positions.max() ?? -1) + 1 }
}
