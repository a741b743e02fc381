/// Settings from which no module can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A size or a number of layers is out of range.
    #[error("{module}: {field} must be from 1 to {limit}, found {found}")]
    Size {
        /// The module.
        module: &'static str,
        /// The setting.
        field: &'static str,
        /// The largest value.
        limit: usize,
        /// The value.
        found: usize,
    },
    /// A probability is none.
    #[error("{module}: {field} must be from 0 to below 1, found {found}")]
    Probability {
        /// The module.
        module: &'static str,
        /// The setting.
        field: &'static str,
        /// The value.
        found: f64,
    },
    /// One-hot vectors are not of the vocabulary's size.
    #[error(
        "{module}: with one-hot vectors input_size must be vocab_size, which is {vocab_size}, \
         found {found}"
    )]
    OneHot {
        /// The model.
        module: &'static str,
        /// The number of different tokens.
        vocab_size: usize,
        /// `input_size`.
        found: usize,
    },
    /// An output layer can't have the embedding's weight, which is of another size.
    #[error(
        "{module}: tied weights need embeddings (input_size) as large as the output of the recurrent part, \
         which is {output_size}, found {}",
        input_size.map_or_else(|| "one-hot vectors".to_owned(), |size| size.to_string())
    )]
    Tied {
        /// The model.
        module: &'static str,
        /// Features of the recurrent part's output.
        output_size: usize,
        /// The size of an embedding; none for one-hot vectors.
        input_size: Option<usize>,
    },
    /// A model's output layer has the embedding's weight, and there are not as many classes as tokens.
    #[error(
        "{module}: tied weights need as many classes as tokens, which are {vocab_size}, found {found}"
    )]
    TiedClasses {
        /// The model.
        module: &'static str,
        /// The number of different tokens.
        vocab_size: usize,
        /// The number of classes.
        found: usize,
    },
    /// `proj_size` is not below `hidden_size`.
    #[error("{module}: proj_size must be below hidden_size, which is {hidden_size}, found {found}")]
    Projection {
        /// The module.
        module: &'static str,
        /// Features of the hidden state inside.
        hidden_size: usize,
        /// `proj_size`.
        found: usize,
    },
    /// A number is none of the weights' 32 bits.
    #[error("{module}: {field} must be finite in 32 bits, found {found}")]
    NotFinite {
        /// The module.
        module: &'static str,
        /// The setting.
        field: &'static str,
        /// The value.
        found: f64,
    },
    /// A forget gate's bias is set for a module without biases.
    #[error("{module}: forget_bias needs biases, found bias = false")]
    ForgetBias {
        /// The module.
        module: &'static str,
    },
}

impl ConfigError {
    /// Checks a probability of dropping something.
    pub(crate) fn check_probability(
        module: &'static str,
        field: &'static str,
        found: f64,
    ) -> Result<(), Self> {
        match (0.0..1.0).contains(&found) {
            true => Ok(()),
            false => Err(Self::Probability {
                module,
                field,
                found,
            }),
        }
    }

    /// Checks sizes and their names.
    pub(crate) fn check_sizes(
        module: &'static str,
        sizes: &[(&'static str, usize)],
    ) -> Result<(), Self> {
        // No weight is larger than gates·hidden_size × max(input_size, 2·hidden_size), which fits into
        // memory's addresses.
        const LIMIT: usize = 1 << 24;
        let found = (sizes.iter()).find(|(_, size)| !(1..=LIMIT).contains(size));
        match found {
            None => Ok(()),
            Some(&(field, found)) => Err(Self::Size {
                module,
                field,
                limit: LIMIT,
                found,
            }),
        }
    }
}
