/// Values that stay where they are, from an address on that a vector of eight doubles fits.
@safe final class LaneMemory<Element: BitwiseCopyable> {
  private let count: Int
  let start: UnsafeMutablePointer<Element>

  init(repeating value: Element, count: Int) {
    self.count = count
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<Element>.stride * max(1, count), alignment: 64)
    unsafe start = bytes.bindMemory(to: Element.self, capacity: count)
    unsafe start.initialize(repeating: value, count: count)
  }

  convenience init(_ values: [Element]) {
    precondition(!values.isEmpty, "no values")
    self.init(repeating: values[0], count: values.count)
    for (index, value) in values.enumerated() { self[index] = value }
  }

  deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "\(index) of \(count)")
      return unsafe start[index]
    }
    set {
      precondition(index >= 0 && index < count, "\(index) of \(count)")
      unsafe start[index] = newValue
    }
  }

  func pointer(at index: Int) -> UnsafeMutablePointer<Element> {
    precondition(index >= 0 && index < count, "\(index) of \(count)")
    return unsafe start + index
  }
}
