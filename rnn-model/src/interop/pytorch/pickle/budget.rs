/// Bytes that may be made for each byte of the pickle. An instruction that shares nothing makes less.
const PER_BYTE: u64 = 32;

/// Bytes that may be made of any pickle, however short: references are short, too.
const AT_LEAST: u64 = 16 << 20;

/// Bytes that may be made of any pickle, however long: the names and shapes of some ten thousand tensors, and
/// some hundred thousand words beside them.
const AT_MOST: u64 = 52 << 20;

/// What a pickle may still make, in bytes.
///
/// An instruction can repeat a list or a text of any length that the pickle already holds, so that
/// without a budget a short pickle fills the memory.
pub(crate) struct Budget {
    limit: u64,
    left: u64,
}

impl Budget {
    /// The budget of a pickle of `length` bytes.
    pub fn of(length: usize) -> Self {
        let limit = AT_LEAST.saturating_add(PER_BYTE.saturating_mul(length as u64));
        let limit = limit.min(AT_MOST);
        Self { limit, left: limit }
    }

    /// Takes `bytes`; called before they are allocated.
    ///
    /// # Errors
    ///
    /// The limit, if fewer are left.
    pub fn spend(&mut self, bytes: usize) -> Result<(), u64> {
        match self.left.checked_sub(bytes as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.limit),
        }
    }
}
