import Plotting

/// What every figure must satisfy, whatever it shows.
public enum FigureCheck {
  /// The rules that a document breaks, in words; empty when it is a good figure.
  public static func faults(_ svg: String) -> [String] {
    let document = SVGInspector(svg)
    if let fault = document.fault { return ["not well-formed: \(fault)"] }
    guard let root = document.elements.first, root.name == "svg" else { return ["no svg element"] }
    var faults: [String] = []
    if root.attributes["role"] != "img" { faults.append("no role img") }
    let names = document.elements.dropFirst().prefix(2).map(\.name)
    if names != ["title", "desc"] { faults.append("begins with \(names)") }
    for element in document.elements {
      for banned in ["style", "class", "id"] where element.attributes[banned] != nil {
        faults.append("\(element.name) has \(banned)")
      }
      if ["style", "script", "image", "use"].contains(element.name) { faults.append("element \(element.name)") }
      for (key, value) in element.attributes where value.contains("nan") || value.contains("inf") {
        faults.append("\(element.name) \(key)=\(value)")
      }
    }
    let lines = svg.split(separator: "\n")
    let starts = lines.count { $0.drop { $0 == " " }.hasPrefix("<") }
    if starts != lines.count { faults.append("an element spans lines") }
    return faults + textFaults(document, root: root)
  }

  private static func textFaults(_ document: SVGInspector, root: SVGInspector.Element) -> [String] {
    let page = (root.attributes["viewBox"] ?? "").split(separator: " ").compactMap { Double($0) }
    guard page.count == 4 else { return ["no viewBox"] }
    let texts = document.elements(named: "text").map { ($0.text, area($0)) }
    var faults = texts.filter { _, box in
      box.left < 0 || box.top < 0 || box.right > page[2] || box.bottom > page[3]
    }.map { "\($0.0) leaves the page" }
    for (index, first) in texts.enumerated() {
      for second in texts[(index + 1)...] {
        let width = min(first.1.right, second.1.right) - max(first.1.left, second.1.left)
        let height = min(first.1.bottom, second.1.bottom) - max(first.1.top, second.1.top)
        if width > 0.1, height > 0.1 { faults.append("\(first.0) overlaps \(second.0)") }
      }
    }
    return faults
  }

  private typealias Area = (left: Double, top: Double, right: Double, bottom: Double)

  /// The capitals of one line of text, on the page.
  private static func area(_ element: SVGInspector.Element) -> Area {
    let size = element.number("font-size") ?? 0
    let width = TextMetrics.width(element.text, size: size, bold: element.attributes["font-weight"] == "bold")
    let x = element.number("x") ?? 0
    let y = element.number("y") ?? 0
    let anchor = element.attributes["text-anchor"] ?? "start"
    let before = anchor == "start" ? 0 : anchor == "middle" ? width / 2 : width
    if element.attributes["transform"] != nil {
      return (x - size * 0.72, y - width + before, x, y + before)
    }
    return (x - before, y - size * 0.72, x - before + width, y)
  }
}
