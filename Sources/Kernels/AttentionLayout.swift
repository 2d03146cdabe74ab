/// Sizes of a grouped-query attention layer.
public struct AttentionShape: Hashable, Sendable {
  public var headCount: Int
  public var keyValueHeadCount: Int
  public var headSize: Int

  public init(headCount: Int, keyValueHeadCount: Int, headSize: Int) {
    precondition(
      headCount > 0 && keyValueHeadCount > 0 && headCount % keyValueHeadCount == 0,
      "\(headCount) heads cannot share \(keyValueHeadCount) key-value heads")
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headSize = headSize
  }

  /// Query heads that read one key-value head.
  public var headsPerKeyValueHead: Int { headCount / keyValueHeadCount }
  public var queryWidth: Int { headCount * headSize }
  public var keyValueWidth: Int { keyValueHeadCount * headSize }

  func check<Scalar: KernelScalar>(q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>) {
    precondition(
      q.columns == queryWidth && k.columns == keyValueWidth && v.columns == keyValueWidth,
      "queries of \(q.columns), keys of \(k.columns), values of \(v.columns) columns for \(self)")
  }

  func columns(ofHead head: Int) -> Range<Int> { head * headSize..<(head + 1) * headSize }
}

/// Consecutive rows that attend causally to themselves, after all rows of a shared prefix.
public struct AttentionSpan: Hashable, Sendable {
  /// The rows themselves.
  public var own: Range<Int>
  /// The rows before them in the sequence, which lie elsewhere; empty for a prompt.
  public var shared: Range<Int>

  public init(own: Range<Int>, shared: Range<Int>) {
    self.own = own
    self.shared = shared
  }

  var keyCount: Int { own.count + shared.count }
}

/// A prompt and its responses, packed without padding: prompt | response 1 | response 2 | …
///
/// The prompt is one span; every response is a span that shares the prompt's rows.
public struct AttentionGroup: Hashable, Sendable {
  public var rows: Range<Int>
  public var spans: [AttentionSpan]

  public init(rows: Range<Int>, spans: [AttentionSpan]) {
    self.rows = rows
    self.spans = spans
  }

  var keyCount: Int { spans.map(\.keyCount).max() ?? 0 }
}

/// Query rows whose scores are formed at once.
let attentionBlock = 48

extension AttentionGroup {
  /// Elements of scratch memory that ``attention(q:k:v:group:head:shape:into:normaliser:scratch:)`` needs.
  public var forwardScratch: Int { attentionBlock * (keyCount + 1) }

  /// Elements of scratch memory that the backward pass of one key-value head needs.
  public var backwardScratch: Int { 2 * attentionBlock * keyCount }
}

/// One block of query rows and the keys it sees.
struct AttentionBlock {
  let queries: Range<Int>
  let shared: Range<Int>
  let own: Range<Int>

  var keyCount: Int { shared.count + own.count }

  /// How many of the keys a query row may see: all shared ones and its own up to itself.
  func visible(_ row: Int) -> Int { shared.count + row - own.lowerBound + 1 }
}

extension AttentionSpan {
  /// The span's query blocks in order.
  var blocks: [AttentionBlock] {
    stride(from: own.lowerBound, to: own.upperBound, by: attentionBlock).map { start in
      let end = min(start + attentionBlock, own.upperBound)
      return AttentionBlock(queries: start..<end, shared: shared, own: own.lowerBound..<end)
    }
  }
}
