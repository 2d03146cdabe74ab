import Plotting

/// The colour and shape of a method, the same in every figure.
///
/// The shape and the family of colours belong to the method; which preference order it was trained on picks the shade
/// within the family.
public struct MethodStyle: Hashable, Sendable {
  public var shape: MarkerShape
  public var colour: Colour

  public init(shape: MarkerShape, colour: Colour) {
    self.shape = shape
    self.colour = colour
  }

  /// The style of an arm.
  ///
  /// A method outside the table gets one of the remaining shapes and colours, chosen by its name alone.
  ///
  /// - Parameters:
  ///   - method: an objective's id, such as `bfpo`.
  ///   - order: the preference order of the arm's data, such as `safety`; nil and `helpfulness` give the main shade.
  public static func of(method: String, order: String? = nil) -> MethodStyle {
    let family = known[method] ?? fallback(method)
    switch order {
    case nil, "helpfulness", "helpful", "better": return MethodStyle(shape: family.shape, colour: family.main)
    case "safety", "safe", "safer": return MethodStyle(shape: family.shape, colour: family.companion)
    case "safe-first":
      return MethodStyle(shape: family.shape, colour: family.companion.mixed(with: .black, share: 0.35))
    default: return MethodStyle(shape: family.shape, colour: family.main.mixed(with: .black, share: 0.55))
    }
  }

  /// The styles of a figure's arms, in which an arm that would look like an earlier one gets another shade.
  public static func distinct(_ arms: [(method: String, order: String?)]) -> [MethodStyle] {
    let shades: [(Colour, Double)] = [(.black, 0.45), (.white, 0.5), (.black, 0.75), (.white, 0.75)]
    var used: Set<MethodStyle> = []
    return arms.map { arm in
      let style = of(method: arm.method, order: arm.order)
      let variants = shades.map { MethodStyle(shape: style.shape, colour: style.colour.mixed(with: $0, share: $1)) }
      let chosen = ([style] + variants).first { !used.contains($0) } ?? style
      used.insert(chosen)
      return chosen
    }
  }

  /// The styles of arms in several panels: in the order of its group, an arm gets the next of eight colours and shapes, so that
  /// arms of one panel differ as much as they can. Without groups, see ``distinct(_:)``.
  public static func distinct(_ arms: [(method: String, order: String?)], groups: [String]) -> [MethodStyle] {
    precondition(arms.count == groups.count, "\(groups.count) groups for \(arms.count) arms")
    if Set(groups).count < 2 { return distinct(arms) }
    var taken: [String: Int] = [:]
    return groups.map { group in
      let place = taken[group, default: 0]
      taken[group] = place + 1
      return palette[place % palette.count]
    }
  }

  private static let palette: [MethodStyle] = zip(
    [MarkerShape.circle, .square, .diamond, .triangle, .triangleDown, .pentagon, .hexagon, .star],
    [Colour.blue, .vermillion, .bluishGreen, .reddishPurple, .orange, .skyBlue, .grey, olive]
  ).map { MethodStyle(shape: $0, colour: $1) }

  /// One of several shades from light to dark, for the settings of one method.
  func shade(_ index: Int, of count: Int) -> MethodStyle {
    let share = Double(index) / Double(max(1, count - 1))
    let mixed =
      share < 0.5
      ? colour.mixed(with: .white, share: 0.5 * (1 - 2 * share))
      : colour.mixed(with: .black, share: 0.6 * (2 * share - 1))
    return MethodStyle(shape: shape, colour: mixed)
  }

  /// All of them; a single one is the method's own.
  func shades(_ count: Int) -> [MethodStyle] { count < 2 ? [self] : (0..<count).map { shade($0, of: count) } }

  /// The colour for text: dark enough to read on white.
  public var textColour: Colour { colour.mixed(with: .black, share: 0.35) }

  private struct Family {
    var shape: MarkerShape
    var main: Colour
    var companion: Colour

    init(_ shape: MarkerShape, _ main: Colour, _ companion: Colour? = nil) {
      self.shape = shape
      self.main = main
      self.companion = companion ?? main.mixed(with: .white, share: 0.45)
    }
  }

  private static let known: [String: Family] = [
    "bfpo": Family(.diamond, .vermillion, .orange),
    "dpo": Family(.circle, .blue, .skyBlue),
    "ipo": Family(.square, .bluishGreen),
    // Other losses of the margin, and DPO with an anchor.
    "conservative-dpo": Family(.hexagon, .skyBlue),
    "robust-dpo": Family(.pentagon, .skyBlue),
    "hinge": Family(.triangle, .skyBlue),
    "dpo-sft": Family(.triangleDown, .skyBlue),
    // Without a reference.
    "sft": Family(.square, olive),
    "cpo": Family(.circle, olive),
    "simpo": Family(.triangle, olive),
    "orpo": Family(.triangleDown, olive),
    // Responses that count each for itself.
    "kto": Family(.square, brown),
    "safe-kto": Family(.diamond, brown),
    // From the safety flags.
    "safedpo": Family(.triangle, .bluishGreen),
    "bso": Family(.pentagon, .bluishGreen),
    // Under a cost constraint.
    "constrained-dpo": Family(.triangle, .reddishPurple),
    "mocan": Family(.square, .reddishPurple),
    "pecan": Family(.diamond, .reddishPurple),
    "safe-rlhf": Family(.triangleDown, charcoal),
    "constrained": Family(.square, charcoal),
    // Several stages or policies.
    "modpo": Family(.pentagon, .orange),
    "sacpo": Family(.circle, .orange),
    "p-sacpo": Family(.triangle, .orange),
    "reward-soup": Family(.square, .orange),
    "preference-vector": Family(.triangleDown, .orange),
    // Of a given reward.
    "rlhf": Family(.circle, .grey),
    "morl": Family(.diamond, .grey),
  ]

  /// Not black, which has no darker shade.
  private static let charcoal = Colour(0x444444)
  private static let olive = Colour(0x8A8000)
  private static let brown = Colour(0x8C510A)

  /// The methods that have a place in the table.
  package static var methods: [String] { known.keys.sorted() }

  private static func fallback(_ method: String) -> Family {
    let shapes: [MarkerShape] = [.star, .hexagon]
    let colours: [Colour] = [.reddishPurple, .orange, .grey, olive, .blue, .bluishGreen, .vermillion]
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in method.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let choice = Int((hash ^ (hash >> 32)) % UInt64(shapes.count * colours.count))
    return Family(shapes[choice % shapes.count], colours[choice / shapes.count])
  }
}
