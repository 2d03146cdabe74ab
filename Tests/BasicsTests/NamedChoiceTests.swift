import Basics
import Foundation
import Testing

@Suite struct NamedChoiceTests {
  private enum Colour: String, NamedChoice { case red, green }

  @Test func `a known name is its case`() throws {
    #expect(try JSONValue.array([.string("green")]).decode([Colour].self) == [.green])
    #expect(try JSONValue(encoding: Colour.red) == .string("red"))
  }

  @Test(arguments: [("rde", "did you mean `red`?"), ("ultraviolet", "known: green, red")])
  func `another name is answered with what there is`(name: String, advice: String) {
    do {
      _ = try JSONValue.object(["paint": .string(name)]).decode([String: Colour].self)
      Issue.record("`\(name)` was taken for a colour")
    } catch {
      #expect(decodingReason(error) == "no such choice `\(name)` (\(advice)) at `paint`")
    }
  }

  @Test func `a number that JSON cannot hold is called that`() {
    do {
      _ = try JSONValue.object(["tau": .number(.nan)]).decode([String: Double].self)
      Issue.record("NaN was encoded")
    } catch {
      #expect(decodingReason(error) == "nan is not a finite number at `tau`")
    }
  }
}
