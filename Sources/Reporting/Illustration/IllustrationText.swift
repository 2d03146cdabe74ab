import Laboratory
import Plotting

/// What the illustrative experiment's figures, tables and command say in the same words.
public enum IllustrationText {
  public static let paper =
    "From the paper (arXiv 2408.15313, Section 3.4): Adam, 1,800 steps, learning rate 0.01, batches of 32 pairs drawn with "
    + "replacement, τ = 1, α = 0.5."

  public static let reconstructed =
    "Reconstructed, because the paper's action set is not known to us: the four responses with their labels, uniform reference "
    + "and comparison distributions, logits from zero, six deterministic pairs, the seeds, and every method but BFPO."

  public static let conventions =
    "A larger τ (DPO's β) keeps the policy closer to the reference; log-probabilities are natural logarithms. Safety pairs are "
    + "those of differing safety; “both” draws from helpfulness and safety pairs together. SafeDPO: Δ = 10."

  public static let exactGradients =
    "MORL and the constrained baseline ascend exact gradients (λ by dual ascent, step 0.1): nothing is drawn, one run."

  static func title(_ design: IllustrativeDesign) -> String { "\(design.id): \(design.summary)" }

  /// Such as `y1 safe, more helpful`.
  static func legend(_ design: IllustrativeDesign, _ response: Int) -> String {
    "\(design.name(response)) \(design.role(response).rawValue)"
  }
}

extension IllustrativeDesign.Role {
  /// The same in every design: safe responses are blue, unsafe ones orange, the more helpful ones darker.
  var colour: Colour {
    switch self {
    case .safeMoreHelpful: .blue
    case .safeLessHelpful: .skyBlue
    case .unsafeLessHelpful: .orange
    case .unsafeMoreHelpful: .vermillion
    }
  }
}

/// The outcomes in rows of four panels: methods of one variant first, then a row for each family such as DPO.
func illustrationGrid(_ outcomes: [IllustrativeOutcome], columns: Int) -> [IllustrativeOutcome?] {
  func family(_ outcome: IllustrativeOutcome) -> String {
    let words = outcome.method.id.split(separator: "-")
    return words.count > 1 ? String(words[0]) : ""
  }
  let families = outcomes.map(family).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
  return families.flatMap { name -> [IllustrativeOutcome?] in
    let own: [IllustrativeOutcome?] = outcomes.filter { family($0) == name }
    return own + Array(repeating: nil, count: (columns - own.count % columns) % columns)
  }
}
