import Basics
import Laboratory
import Plotting
import Reporting
import TestSupport
import Testing

@Suite struct FrontierFigureTests {
  @Test func `the default sweep`() {
    let svg = SimulatedSweep().frontier().svg()
    offerForInspection(svg, "frontier-default.svg")
    #expect(FigureCheck.faults(svg) == [])
  }
}
