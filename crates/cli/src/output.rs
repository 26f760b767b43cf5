//! The one place that writes to the terminal. A reader that has gone away (`| head`) is no error.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

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

/// Lines with their cells below each other.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
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
}
