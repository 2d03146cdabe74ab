import Basics
import Plotting
import Reporting
import TestSupport
import Testing

@Suite struct SweepFigureTests {
  @Test func `the default sweep`() {
    let svg = SimulatedSweep().sweep().svg()
    offerForInspection(svg, "sweep-default.svg")
    #expect(FigureCheck.faults(svg) == [])
  }
}
