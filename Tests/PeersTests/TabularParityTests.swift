import Basics
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

/// The tabular policy, Adam and the training loop against NumPy (`Tests/Peers/tabular.py`).
@Suite struct TabularParityTests {
  @Test func `fifty full-batch Adam steps: every loss and the final logits`() throws {
    let file = try golden("tabular.json", as: File.self)
    #expect(file.runs.count == 10)
    for run in file.runs {
      let reference = try #require(file.references[run.reference])
      let (losses, logits) = try train(run, reference: reference, pairs: file.pairs, rate: file.rate)
      let comment = Comment(rawValue: "\(run.objective) \(run.set), reference \(run.reference)")
      #expect(losses.count == run.losses.count, comment)
      for (ours, theirs) in zip(losses, run.losses) { #expect(relativeError(ours, theirs) < 1e-11, comment) }
      for (ours, theirs) in zip(logits, run.logits.joined()) { #expect(abs(ours - theirs) < 1e-9, comment) }
    }
  }

  @Test func `BFPO reaches the four-action optimum for every choice of two safe actions`() throws {
    let file = try golden("tabular.json", as: File.self)
    #expect(file.fourActions.count == 6)
    for world in file.fourActions {
      var pairs: [Pair] = []
      for better in 0..<4 {
        for worse in (better + 1)..<4 {
          pairs.append(
            Pair(
              prompt: 0, chosen: better, rejected: worse, chosenSafe: world.safe.contains(better),
              rejectedSafe: world.safe.contains(worse)))
        }
      }
      let run = Run(
        objective: "bfpo", set: ["tau": .number(1), "alpha": .number(0.5), "b1": .number(3)], reference: "uniform",
        losses: [Double](repeating: 0, count: 1800), logits: [])
      let logits = try train(run, reference: [[0.25, 0.25, 0.25, 0.25]], pairs: pairs, rate: file.rate).logits
      let policy = TabularPolicy(promptCount: 1, responseCount: 4, logits: logits)
      for (logProbability, theirs) in zip(policy.logProbabilities(prompt: 0), world.adam1800) {
        #expect(abs(exponential(logProbability) - theirs) < 1e-9, "safe set \(world.safe)")
      }
      for (exact, theirs) in zip(world.optimum, world.adam1800) { #expect(abs(exact - theirs) < 1e-6) }
    }
  }

  /// As many steps as `run` has losses, through the training loop, with the whole list as the batch.
  private func train(
    _ run: Run, reference: [[Double]], pairs: [Pair], rate: Double
  ) throws -> (losses: [Double], logits: [Double]) {
    let logReference = reference.map { $0.map(naturalLogarithm) }
    var policy = TabularPolicy(
      promptCount: reference.count, responseCount: reference[0].count, logits: logReference.flatMap(\.self))
    var configuration = TrainingConfiguration()
    configuration.steps = run.losses.count
    configuration.batchSize = pairs.count
    configuration.sampling = .inOrder
    configuration.learningRate = rate
    let prepared = pairs.map { pair in
      PreparedPair(
        chosen: TabularQuery(prompt: pair.prompt, response: pair.chosen),
        rejected: TabularQuery(prompt: pair.prompt, response: pair.rejected),
        referenceChosen: logReference[pair.prompt][pair.chosen],
        referenceRejected: logReference[pair.prompt][pair.rejected], chosenTokens: 1, rejectedTokens: 1,
        label: PairLabel(chosenSafe: pair.chosenSafe, rejectedSafe: pair.rejectedSafe))
    }
    let objective = try catalogueEntry(run.objective).make(run.set)
    let curve = try trainOffline(
      &policy, streams: [PairStream(name: "pairs", pairs: prepared)], objective: objective,
      configuration: configuration, seed: SeedTree(0), stepZeroTolerance: 1e-9)
    return (curve.points.map(\.loss), policy.logits)
  }

  private struct File: Decodable {
    var rate: Double
    var references: [String: [[Double]]]
    var pairs: [Pair]
    var fourActions: [FourActions]
    var runs: [Run]
  }

  private struct FourActions: Decodable {
    var safe: [Int]
    var optimum: [Double]
    var adam1800: [Double]
  }

  private struct Run: Decodable {
    var objective: String
    var set: [String: JSONValue]
    var reference: String
    /// The loss before each step.
    var losses: [Double]
    var logits: [[Double]]
  }

  private struct Pair: Decodable {
    var prompt, chosen, rejected: Int
    var chosenSafe, rejectedSafe: Bool
  }
}
