//! Entries in another form: transposed, split.

use burn::tensor::{Bytes, TensorData};

use super::error::StateDictError;
use super::state_dict::StateDict;

impl StateDict {
    /// The entries, with the matrix `name` transposed: for a weight of a module of your own that is
    /// `[in, out]` where PyTorch's is `[out, in]`.
    ///
    /// That of a [`Linear`](burn::nn::Linear) fits as it is, whatever its layout.
    ///
    /// # Errors
    ///
    /// If there is no such entry, or it has not two axes.
    ///
    /// ```
    /// use burn::tensor::TensorData;
    /// use rnn_model::StateDict;
    /// let mut weights = StateDict::default();
    /// weights.insert("gate", TensorData::from([[1, 2, 3], [4, 5, 6]]));
    /// let weights = weights.transpose("gate")?;
    /// let expected = TensorData::from([[1, 4], [2, 5], [3, 6]]);
    /// assert_eq!(weights.get("gate"), Some(&expected));
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn transpose(mut self, name: &str) -> Result<Self, StateDictError> {
        let data = self.take(name)?;
        let &[rows, columns] = &data.shape()[..] else {
            return Err(StateDictError::Axes {
                name: name.to_owned(),
                expected: "two axes, to be transposed".to_owned(),
                shape: data.shape().to_vec(),
            });
        };
        let size = element_size(name, &data)?;
        let bytes = data.as_bytes();
        let mut transposed = Vec::with_capacity(bytes.len());
        for column in 0..columns {
            for row in 0..rows {
                let start = (row * columns + column) * size;
                transposed.extend_from_slice(&bytes[start..start + size]);
            }
        }
        self.insert(name, with_shape(&data, transposed, vec![columns, rows]));
        Ok(self)
    }

    /// The entries, with `name` cut along `axis` into equal parts that are called `names`: the
    /// `in_proj_weight` of PyTorch's attention into those of query, key and value.
    ///
    /// # Errors
    ///
    /// If there is no such entry, it has no such axis or one that can't be cut into so many equal parts,
    /// or two entries would have one name.
    ///
    /// ```
    /// use burn::tensor::TensorData;
    /// use rnn_model::StateDict;
    /// let mut weights = StateDict::default();
    /// weights.insert("in_proj_bias", TensorData::from([1, 2, 3, 4, 5, 6]));
    /// let names = ["query.bias", "key.bias", "value.bias"];
    /// let weights = weights.split("in_proj_bias", &names, 0)?;
    /// assert_eq!(weights.get("key.bias"), Some(&TensorData::from([3, 4])));
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn split(
        mut self,
        name: &str,
        names: &[impl AsRef<str>],
        axis: usize,
    ) -> Result<Self, StateDictError> {
        let data = self.take(name)?;
        let shape = data.shape().to_vec();
        let parts = names.len();
        let Some(&length) = shape.get(axis).filter(|&&n| parts > 0 && n % parts == 0) else {
            return Err(StateDictError::Axes {
                name: name.to_owned(),
                expected: format!("an axis {axis} that can be cut into {parts} equal parts"),
                shape,
            });
        };
        let size = element_size(name, &data)?;
        let mut part_shape = shape.clone();
        part_shape[axis] = length / parts;
        // Bytes of the whole and of a part at one place along the axes before.
        let whole = shape[axis..].iter().product::<usize>() * size;
        let part = part_shape[axis..].iter().product::<usize>() * size;
        let before: usize = shape[..axis].iter().product();
        let bytes = data.as_bytes();
        for (index, name) in names.iter().enumerate() {
            let name = name.as_ref();
            if self.get(name).is_some() {
                return Err(StateDictError::Twice(name.to_owned()));
            }
            let mut own = Vec::with_capacity(before * part);
            for place in 0..before {
                own.extend_from_slice(&bytes[place * whole + index * part..][..part]);
            }
            self.insert(name, with_shape(&data, own, part_shape.clone()));
        }
        Ok(self)
    }

    /// The entries without `copy`, which must be the same as `name`: for tied weights, which PyTorch's
    /// `state_dict()` holds under both names and a module here under one. Without an entry `copy`, nothing
    /// changes.
    ///
    /// # Errors
    ///
    /// If there is an entry `copy` and none `name`, or the two differ.
    ///
    /// ```
    /// use burn::tensor::TensorData;
    /// use rnn_model::StateDict;
    /// let mut weights = StateDict::default();
    /// weights.insert("emb.weight", TensorData::from([[1, 2], [3, 4]]));
    /// weights.insert("fc.weight", TensorData::from([[1, 2], [3, 4]]));
    /// let tied = weights.tie("fc.weight", "emb.weight")?;
    /// assert!(tied.names().eq(["emb.weight"]));
    /// let again = tied.untie("fc.weight", "emb.weight")?;
    /// assert!(again.names().eq(["emb.weight", "fc.weight"]));
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn tie(mut self, copy: &str, name: &str) -> Result<Self, StateDictError> {
        let Some(found) = self.remove(copy) else {
            return Ok(self);
        };
        if self.entry(name)? != &found {
            return Err(StateDictError::NotTied {
                name: name.to_owned(),
                copy: copy.to_owned(),
            });
        }
        Ok(self)
    }

    /// The entries with `name` once more as `copy`: what [`tie`](Self::tie) takes away, for PyTorch.
    ///
    /// # Errors
    ///
    /// If there is no entry `name`, or one that is called `copy`.
    pub fn untie(mut self, copy: &str, name: &str) -> Result<Self, StateDictError> {
        if self.get(copy).is_some() {
            return Err(StateDictError::Twice(copy.to_owned()));
        }
        let data = self.entry(name)?.clone();
        self.insert(copy, data);
        Ok(self)
    }

    fn entry(&self, name: &str) -> Result<&TensorData, StateDictError> {
        self.get(name).ok_or_else(|| StateDictError::NoSuchName {
            name: name.to_owned(),
            names: self.names().map(str::to_owned).collect(),
        })
    }

    /// Takes an entry out, which has to be there.
    fn take(&mut self, name: &str) -> Result<TensorData, StateDictError> {
        self.remove(name).ok_or_else(|| StateDictError::NoSuchName {
            name: name.to_owned(),
            names: self.names().map(str::to_owned).collect(),
        })
    }
}

/// Bytes of an element.
fn element_size(name: &str, data: &TensorData) -> Result<usize, StateDictError> {
    let size = data.dtype().size();
    if size * data.num_elements() == data.as_bytes().len() {
        return Ok(size);
    }
    Err(StateDictError::Type {
        name: name.to_owned(),
        found: format!("{:?}", data.dtype()),
    })
}

fn with_shape(like: &TensorData, bytes: Vec<u8>, shape: Vec<usize>) -> TensorData {
    TensorData::from_bytes(Bytes::from_bytes_vec(bytes), shape, like.dtype())
}
