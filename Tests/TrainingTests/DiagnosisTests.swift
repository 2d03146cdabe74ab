import Foundation
import Testing
import Training

/// The one-line answer to "is this normal?" (R-14).
@Suite struct DiagnosisTests {
  @Test func `a run whose chosen responses gain is normal`() throws {
    #expect(
      try diagnosis(loss: [1, 0.9, 0.8, 0.7], chosen: [0, 0.1, 0.2, 0.3], rejected: [0, -0.1, -0.2, -0.3])
        .hasPrefix("normal: margin 0.500"))
  }

  @Test func `both responses losing probability is said, and is normal`() throws {
    let text = try diagnosis(loss: [1, 0.9, 0.8, 0.7], chosen: [0, -1, -1, -1], rejected: [0, -2, -2, -2])
    #expect(text.hasPrefix("normal") && text.contains("both responses lost probability (-1.000 and -2.000 nats)"))
  }

  @Test func `one bad batch at the end is no divergence, a worse second half is`() throws {
    #expect(try diagnosis(loss: [1, 1, 0.8, 1.2], chosen: [0, 1, 1, 1], rejected: [0, 0, 0, 0]).hasPrefix("normal"))
    let half = [Double](repeating: 1, count: 16)
    let worse = half + half.map { $0 * 5 }
    let zeros = worse.map { _ in 0.0 }
    #expect(try diagnosis(loss: worse, chosen: worse, rejected: zeros).contains("rate is probably too large"))
    #expect(try diagnosis(loss: [1, 1, 5, 5], chosen: [0, 1, 1, 1], rejected: [0, 0, 0, 0]).hasPrefix("normal"))
  }

  @Test func `no movement and a negative margin are named`() throws {
    #expect(
      try diagnosis(loss: [1, 1, 1, 1], chosen: [0, 0, 0, 0], rejected: [0, 0, 0, 0]).hasPrefix("nothing moved"))
    #expect(try diagnosis(loss: [1, 1, 1, 1], chosen: [0, 0, 0, 0], rejected: [0, 1, 1, 1]).hasPrefix("look: "))
  }

  private func diagnosis(loss: [Double], chosen: [Double], rejected: [Double]) throws -> String {
    let points = loss.indices.map { i in
      #"{"step":\#(i + 1),"loss":\#(loss[i]),"chosenLogRatio":\#(chosen[i]),"rejectedLogRatio":\#(rejected[i]),"#
        + #""accuracy":0.5,"gradientNorm":1,"learningRate":0.1}"#
    }
    let json = #"{"points":[\#(points.joined(separator: ","))]}"#
    return try JSONDecoder().decode(TrainingCurve.self, from: Data(json.utf8)).diagnosis
  }
}
