//! A record of a file.

/// A record as it is in the file: cells, or JSON. It is reused for its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Where the record begins: the line of a text file, the row of a sheet, or the entry of a JSON array, from 1.
    pub line: u64,
    /// The cells one after another, or the JSON.
    pub(crate) text: String,
    /// Where each cell ends; empty if the record is JSON.
    pub(crate) ends: Vec<usize>,
}

impl Record {
    /// Empties it for the record that begins at `line`.
    pub(crate) fn begin(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a cell.
    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// The number of cells.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell; empty if there are fewer.
    pub(crate) fn cell(&self, index: usize) -> &str {
        let Some(end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..*end]
    }

    /// The cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// Removes the first cells.
    pub(crate) fn skip(&mut self, cells: usize) {
        let Some(end) = cells.min(self.len()).checked_sub(1).map(|last| self.ends[last]) else { return };
        self.text.drain(..end);
        self.ends.drain(..cells.min(self.ends.len()));
        self.ends.iter_mut().for_each(|other| *other -= end);
    }

    /// Replaces each cell.
    pub(crate) fn map(&mut self, change: impl Fn(&str) -> std::borrow::Cow<'_, str>) {
        let mut changed = Self::default();
        changed.begin(self.line);
        self.cells().for_each(|cell| changed.push(&change(cell)));
        *self = changed;
    }
}
