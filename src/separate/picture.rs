//! Pictures as the layers see them: rows of pixels, each pixel its channels side by side, in a border of zeros.

/// A picture with a border that stays zero, so that no layer looks beyond an edge.
pub(super) struct Picture {
    /// Rows: time.
    pub height: usize,
    /// Pixels in a row: frequency.
    pub width: usize,
    pub channels: usize,
    before: usize,
    after: usize,
    pub data: Vec<f32>,
}

impl Picture {
    /// Zeros, with a border of `before` pixels above and left and `after` below and right.
    pub fn new(height: usize, width: usize, channels: usize, before: usize, after: usize) -> Self {
        let data = vec![0.0; (height + before + after) * (width + before + after) * channels];
        Self { height, width, channels, before, after, data }
    }

    /// Numbers from a row to the next.
    pub fn stride(&self) -> usize {
        (self.width + self.before + self.after) * self.channels
    }

    /// The place of a pixel, which may lie in the border: rows and columns count from the border's edge.
    pub fn at_border(&self, row: usize, column: usize) -> usize {
        row * self.stride() + column * self.channels
    }

    /// The place of a pixel of the picture proper.
    pub fn at(&self, row: usize, column: usize) -> usize {
        self.at_border(row + self.before, column + self.before)
    }

    /// The rows without their border, `[width][channels]` each.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let (stride, edge, inside) = (self.stride(), self.before * self.channels, self.width * self.channels);
        self.data.chunks_exact_mut(stride).skip(self.before).take(self.height).map(move |r| &mut r[edge..][..inside])
    }
}
