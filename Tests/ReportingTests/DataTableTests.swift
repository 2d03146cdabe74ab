import Reporting
import Testing

/// Tables as Markdown and LaTeX.
@Suite struct DataTableTests {
  private let table = DataTable(
    title: "A_b: 95 %", header: ["arm", "τ"], rows: [["DPO|x_y", "0.5"], ["50 % & #1", "−1"]], textColumns: 1,
    note: "n = 2 seeds")

  @Test func `Markdown escapes what would break a table`() {
    #expect(
      table.markdown() == """
        ## A_b: 95 %

        | arm | τ |
        | --- | ---: |
        | DPO\\|x\\_y | 0.5 |
        | 50 % & #1 | −1 |

        n = 2 seeds

        """)
  }

  @Test func `LaTeX escapes special characters and sets Greek in mathematics`() {
    #expect(
      table.latex() == ##"""
        \begin{tabular}{@{}lr@{}}
        \toprule
        arm & \ensuremath{\tau} \\
        \midrule
        DPO\ensuremath{|}x\_y & 0.5 \\
        50 \% \& \#1 & \ensuremath{-}1 \\
        \bottomrule
        \multicolumn{2}{@{}p{0.95\linewidth}@{}}{\footnotesize n = 2 seeds} \\
        \end{tabular}

        """##)
  }
}
