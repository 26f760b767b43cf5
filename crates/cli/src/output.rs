//! The one place that writes to the terminal. A reader that has gone away (`| head`) is no error.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use unicode_width::UnicodeWidthStr as _;

/// A line of what was asked for.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A line beside it: progress, hints, the start-up summary.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Why nothing came of it.
pub(crate) fn problem(text: impl Display) {
    note(format_args!("traygate: {text}"));
}

/// Cells longer than this do not widen their column: the rest of their line moves to the right.
const WIDEST: usize = 40;

/// Lines with their cells below each other, as a terminal shows them: some characters are two columns wide.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let widest = |column: usize| {
        let widths = rows.iter().map(|row| row[column].width());
        widths.filter(|&width| width <= WIDEST).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(widest);
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let gap = width.saturating_sub(cell.width());
            format!("{cell}{:gap$}", "")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        let rows = [["a", "long one", ""], ["longer", "b", "c"]].map(|row| row.map(ToOwned::to_owned));
        assert_eq!(table(&rows), "a       long one\nlonger  b         c");
    }

    #[test]
    fn wide_characters_count_as_two_and_a_long_name_moves_its_own_line_only() {
        let long = "x".repeat(41);
        let rows = [["日本", "a"], ["ключ", "b"], [&long, "c"], ["time", "d"]];
        let rows = rows.map(|row| row.map(ToOwned::to_owned));
        assert_eq!(table(&rows), format!("日本  a\nключ  b\n{long}  c\ntime  d"));
    }
}
