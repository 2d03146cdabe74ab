/// The sizes of a Llama-family decoder, in the terms of Hugging Face's `config.json`.
public struct LlamaConfiguration: Codable, Hashable, Sendable {
  public var vocabularySize: Int
  public var hiddenSize: Int
  public var layerCount: Int
  public var headCount: Int
  public var keyValueHeadCount: Int
  public var headSize: Int
  /// Width of the feed-forward layer (`intermediate_size`).
  public var feedForwardSize: Int
  public var rmsNormEpsilon: Double
  /// Base of the rotary embedding's frequencies (`rope_theta`).
  public var ropeBase: Double
  public var contextLength: Int
  /// Whether the output head is the token embedding.
  public var tiedEmbeddings: Bool

  public init(
    vocabularySize: Int, hiddenSize: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
    feedForwardSize: Int, rmsNormEpsilon: Double, ropeBase: Double, contextLength: Int, tiedEmbeddings: Bool
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headSize = headSize
    self.feedForwardSize = feedForwardSize
    self.rmsNormEpsilon = rmsNormEpsilon
    self.ropeBase = ropeBase
    self.contextLength = contextLength
    self.tiedEmbeddings = tiedEmbeddings
  }
}
