//! Who is whose neighbour.

#[cfg(test)]
mod tests;

/// The neighbours of each cell, as rows of a sparse matrix of ones. Cells are numbers from 0; no cell is its own neighbour.
///
/// A statistic that counts the cell itself (the star of Gi\*) adds it. Neighbours need not be mutual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbours {
    /// Where the row of each cell starts, and where the last ends.
    offsets: Vec<usize>,
    /// The rows, each ascending.
    targets: Vec<u32>,
}

/// Why lists make no neighbours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NeighboursError {
    /// Cells are numbered in 32 bits.
    #[error("{cells} cells are too many: at most 4294967295")]
    TooMany {
        /// How many there are.
        cells: usize,
    },
    /// A neighbour is no cell.
    #[error("cell {cell} has the neighbour {neighbour}, but there are {cells} cells")]
    Unknown {
        /// The cell.
        cell: usize,
        /// Its neighbour.
        neighbour: u32,
        /// How many cells there are.
        cells: usize,
    },
    /// A cell is its own neighbour.
    #[error("cell {cell} is its own neighbour")]
    Itself {
        /// The cell.
        cell: usize,
    },
    /// A row does not ascend, so a neighbour may stand twice.
    #[error("the neighbours of cell {cell} do not ascend")]
    Order {
        /// The cell.
        cell: usize,
    },
    /// Offsets do not describe rows of the targets.
    #[error(
        "offset {at} must be from 0 to {targets}, not below the one before it, with 0 first and {targets} last"
    )]
    Offset {
        /// Which offset.
        at: usize,
        /// How many targets there are.
        targets: usize,
    },
}

impl Neighbours {
    /// Rows of a sparse matrix: the neighbours of cell `i` are `targets[offsets[i]..offsets[i + 1]]`, ascending.
    ///
    /// # Errors
    ///
    /// [`NeighboursError`] for the first thing that breaks this form.
    pub fn try_new(offsets: Vec<usize>, targets: Vec<u32>) -> Result<Self, NeighboursError> {
        let cells = offsets.len().saturating_sub(1);
        check_number(cells)?;
        let wrong = |at| NeighboursError::Offset {
            at,
            targets: targets.len(),
        };
        if offsets.first() != Some(&0) {
            return Err(wrong(0));
        }
        if offsets.last() != Some(&targets.len()) {
            return Err(wrong(cells));
        }
        for (cell, ends) in offsets.windows(2).enumerate() {
            let row = targets
                .get(ends[0]..ends[1])
                .ok_or_else(|| wrong(cell + 1))?;
            for (at, &neighbour) in row.iter().enumerate() {
                if neighbour as usize >= cells {
                    return Err(NeighboursError::Unknown {
                        cell,
                        neighbour,
                        cells,
                    });
                }
                if neighbour as usize == cell {
                    return Err(NeighboursError::Itself { cell });
                }
                if at > 0 && row[at - 1] >= neighbour {
                    return Err(NeighboursError::Order { cell });
                }
            }
        }
        Ok(Self { offsets, targets })
    }

    /// Mutual neighbours: each pair once, in any order. A pair that is repeated counts once, a cell with itself not at all.
    ///
    /// # Errors
    ///
    /// [`NeighboursError::Unknown`] for a number that is not below `cells`, [`NeighboursError::TooMany`].
    ///
    /// ```
    /// use citybrain_stats::neighbours::Neighbours;
    ///
    /// let row_of_three = Neighbours::from_pairs(3, [(0, 1), (2, 1)])?;
    /// assert_eq!(row_of_three.of(1), [0, 2]);
    /// # Ok::<(), citybrain_stats::neighbours::NeighboursError>(())
    /// ```
    pub fn from_pairs(
        cells: usize,
        pairs: impl IntoIterator<Item = (u32, u32)>,
    ) -> Result<Self, NeighboursError> {
        check_number(cells)?;
        let mut both = Vec::new();
        for (a, b) in pairs {
            for (cell, neighbour) in [(a, b), (b, a)] {
                if neighbour as usize >= cells {
                    return Err(NeighboursError::Unknown {
                        cell: cell as usize,
                        neighbour,
                        cells,
                    });
                }
                if cell != neighbour {
                    both.push((cell, neighbour));
                }
            }
        }
        both.sort_unstable();
        both.dedup();
        let mut offsets = vec![0; cells + 1];
        for &(cell, _) in &both {
            offsets[cell as usize + 1] += 1;
        }
        for cell in 0..cells {
            offsets[cell + 1] += offsets[cell];
        }
        Ok(Self {
            offsets,
            targets: both.into_iter().map(|(_, neighbour)| neighbour).collect(),
        })
    }

    /// How many cells there are, those without neighbours too.
    pub fn cells(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The neighbours of a cell, ascending; none for a number that is no cell.
    pub fn of(&self, cell: usize) -> &[u32] {
        match self.offsets.get(cell..) {
            Some(&[start, end, ..]) => &self.targets[start..end],
            _ => &[],
        }
    }

    /// Only the cells to keep, numbered anew in their order.
    pub(crate) fn among(&self, keep: &[bool]) -> Self {
        let mut number = Vec::with_capacity(keep.len());
        let mut kept = 0_u32;
        for &keep in keep {
            number.push(kept);
            kept += u32::from(keep);
        }
        let mut offsets = vec![0];
        let mut targets = Vec::new();
        for cell in (0..self.cells()).filter(|&cell| keep[cell]) {
            let row = self.of(cell).iter().filter(|&&other| keep[other as usize]);
            targets.extend(row.map(|&other| number[other as usize]));
            offsets.push(targets.len());
        }
        Self { offsets, targets }
    }
}

fn check_number(cells: usize) -> Result<(), NeighboursError> {
    if cells > u32::MAX as usize {
        Err(NeighboursError::TooMany { cells })
    } else {
        Ok(())
    }
}
