import Basics
import Objectives
import TestSupport
import Testing

/// Losses and derivatives against automatic differentiation and TRL (`Tests/Peers/losses.py`).
@Suite struct LossParityTests {
  @Test func `losses and derivatives of every row`() throws {
    let rows = try golden("losses.json", as: Rows.self).rows
    #expect(rows.count > 300)
    #expect(Set(rows.map(\.objective)) == Set(catalogue.map(\.card.id)), "every objective has a peer")
    for (number, row) in rows.enumerated() {
      let objective = try catalogueEntry(row.objective).make(row.set)
      let value = objective.evaluate(row.pair.sample)
      let comment = Comment(rawValue: "row \(number): \(row.objective) \(row.set)")
      #expect(close(value.loss, row.loss), comment)
      #expect(close(value.dChosen, row.dChosen), comment)
      #expect(close(value.dRejected, row.dRejected), comment)
    }
  }

  @Test func `rows that TRL agrees with are there: DPO summed, IPO averaged over tokens`() throws {
    let rows = try golden("losses.json", as: Rows.self).rows
    let kinds = Set(rows.filter { $0.trl != nil }.map { "\($0.objective) \($0.set["reduction"]?.string ?? "")" })
    #expect(
      kinds == [
        "dpo sum", "ipo mean", "hinge sum", "robust-dpo sum", "conservative-dpo sum", "cpo sum", "simpo mean",
        "orpo mean", "kto sum",
      ])
  }

  /// Relative to the number itself: derivatives of a saturated DPO are as small as 1e-100 and still have to be right. A
  /// difference of log-probabilities of a thousand nats carries an absolute rounding error of some 1e-13, hence the 1e-10.
  private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-10 * abs(b) + 1e-300 }

  private struct Rows: Decodable { var rows: [Row] }

  private struct Row: Decodable {
    var objective: String
    var set: [String: JSONValue]
    var pair: Pair
    var trl: String?
    var loss: Double
    var dChosen: Double
    var dRejected: Double
  }

  private struct Pair: Decodable {
    var policyChosen, policyRejected, referenceChosen, referenceRejected: Double
    var chosenTokens, rejectedTokens: Int
    var chosenSafe, rejectedSafe: Bool
    var chosenReward, rejectedReward, chosenCost, rejectedCost, multiplier, batchChosen, batchRejected: Double?

    var sample: PairSample {
      var label = PairLabel(
        chosenSafe: chosenSafe, rejectedSafe: rejectedSafe, chosenScores: scores(chosenReward, chosenCost),
        rejectedScores: scores(rejectedReward, rejectedCost))
      if let multiplier { label.multiplier = multiplier }
      var batch: BatchMeans?
      if let batchChosen, let batchRejected {
        batch = BatchMeans(chosenLogRatio: batchChosen, rejectedLogRatio: batchRejected)
      }
      return PairSample(
        policyChosen: policyChosen, policyRejected: policyRejected, referenceChosen: referenceChosen,
        referenceRejected: referenceRejected, chosenTokens: chosenTokens, rejectedTokens: rejectedTokens, label: label,
        batch: batch)
    }

    private func scores(_ reward: Double?, _ cost: Double?) -> ResponseScores? {
      guard let reward, let cost else { return nil }
      return ResponseScores(reward: reward, cost: cost)
    }
  }
}
