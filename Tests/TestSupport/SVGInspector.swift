import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of an SVG document, from a real XML parser.
public final class SVGInspector: NSObject, XMLParserDelegate {
  public struct Element {
    public var name: String
    public var attributes: [String: String]
    public var text: String
    /// Names of the elements around it, outermost first.
    public var ancestors: [String]

    public func number(_ attribute: String) -> Double? { attributes[attribute].flatMap(Double.init) }
  }

  public private(set) var elements: [Element] = []
  /// What is not well-formed, or nil.
  public private(set) var fault: String?
  private var open: [Int] = []

  public init(_ document: String) {
    super.init()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = self
    if !parser.parse() { fault = "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "unknown")" }
  }

  public func elements(named name: String) -> [Element] { elements.filter { $0.name == name } }

  public func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let ancestors = open.map { elements[$0].name }
    open.append(elements.count)
    elements.append(Element(name: elementName, attributes: attributes, text: "", ancestors: ancestors))
  }

  public func parser(
    _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }

  public func parser(_ parser: XMLParser, foundCharacters string: String) {
    if let last = open.last { elements[last].text += string }
  }
}
