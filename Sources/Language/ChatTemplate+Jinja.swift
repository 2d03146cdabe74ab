import Basics

extension ChatTemplate {
  /// The template whose Jinja text a model carries, recognised by the text's SHA-256.
  ///
  /// - Throws: ``UserError`` when it is none of the known texts: this program runs no template code.
  public static func recognised(jinja: String, source: String) throws -> ChatTemplate {
    // Jinja drops one newline at the end of a template.
    let text = jinja.hasSuffix("\n") ? String(jinja.dropLast()) : jinja
    let digest = SHA256.hex(of: text)
    if let known = knownTexts[digest] { return known }
    throw UserError(
      "unknown chat template", at: source,
      because: "its text has the SHA-256 \(digest), none of those this program knows, and it runs no template code",
      advice: advice, exitCode: .badData)
  }

  /// What to do without a recognised template.
  static let advice =
    "choose one with --template: chatml, chatml-default-system, plain, or a JSON file with"
    + " `turn` (holding {role} and {content}), `generationPrompt`, `endOfTurn` and, if wanted, `defaultSystem`"

  /// The same template in Jinja, for Hugging Face Transformers.
  public var jinja: String {
    var text = "{% for message in messages %}"
    if let defaultSystem {
      let first = ChatTemplate(name: "", turn: turn, generationPrompt: "", endOfTurn: nil)
        .text(of: [ChatMessage(role: "system", content: defaultSystem)])
      text += "{% if loop.first and messages[0]['role'] != 'system' %}{{ \(quoted(first)) }}{% endif %}"
    }
    let terms = parts.flatMap { part -> [String] in
      switch part {
      case .literal(let literal): literalTerms(literal)
      case .role: ["message['role']"]
      case .content: ["message['content']"]
      }
    }
    text += "{{\(terms.joined(separator: " + "))}}{% endfor %}"
    if !generationPrompt.isEmpty {
      text += "{% if add_generation_prompt %}{{ \(quoted(generationPrompt)) }}{% endif %}"
    }
    return text
  }
}

/// Texts in circulation for the ChatML templates: line ends as characters or as `\n`, with and without a default for
/// `add_generation_prompt`.
private let knownTexts: [String: ChatTemplate] = {
  let preamble = "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}"
  var known: [String: ChatTemplate] = [:]
  for template in ChatTemplate.named {
    for text in [template.jinja, preamble + template.jinja] {
      known[SHA256.hex(of: text)] = template
      known[SHA256.hex(of: String(text.map { $0 == "\n" ? "\\n" : String($0) }.joined()))] = template
    }
  }
  return known
}()

/// A literal as Jinja strings; a line end that follows other text is a string of its own, as the published texts have it.
private func literalTerms(_ literal: String) -> [String] {
  guard literal.hasSuffix("\n"), literal.count > 1 else { return [quoted(literal)] }
  return [quoted(String(literal.dropLast())), quoted("\n")]
}

private func quoted(_ text: String) -> String {
  "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
}
