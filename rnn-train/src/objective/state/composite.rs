//! States that are made of states: pairs, what may be missing, and any number.

use burn::tensor::{Device, TensorData};

use super::RecurrentState;

/// The states of two recurrent modules, such as an encoder and a decoder.
impl<A: RecurrentState, B: RecurrentState> RecurrentState for (A, B) {
    fn detach(self) -> Self {
        (self.0.detach(), self.1.detach())
    }

    fn restart(self, starts: &[bool]) -> Self {
        (self.0.restart(starts), self.1.restart(starts))
    }

    fn to_data(&self) -> Vec<TensorData> {
        join(vec![self.0.to_data(), self.1.to_data()])
    }

    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self> {
        let [a, b] = <[Vec<TensorData>; 2]>::try_from(split(data)?).ok()?;
        Some((A::from_data(a, device)?, B::from_data(b, device)?))
    }
}

/// A state that may be missing, such as that of a module which is left out of some models.
impl<S: RecurrentState> RecurrentState for Option<S> {
    fn detach(self) -> Self {
        self.map(S::detach)
    }

    fn restart(self, starts: &[bool]) -> Self {
        self.map(|state| state.restart(starts))
    }

    fn to_data(&self) -> Vec<TensorData> {
        join(self.iter().map(S::to_data).collect())
    }

    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self> {
        let mut parts = split(data)?.into_iter();
        match (parts.next(), parts.next()) {
            (None, _) => Some(None),
            (Some(part), None) => S::from_data(part, device).map(Some),
            _ => None,
        }
    }
}

/// Any number of states, such as those of layers of different kinds.
impl<S: RecurrentState> RecurrentState for Vec<S> {
    fn detach(self) -> Self {
        self.into_iter().map(S::detach).collect()
    }

    fn restart(self, starts: &[bool]) -> Self {
        let states = self.into_iter();
        states.map(|state| state.restart(starts)).collect()
    }

    fn to_data(&self) -> Vec<TensorData> {
        join(self.iter().map(S::to_data).collect())
    }

    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self> {
        let parts = split(data)?.into_iter();
        parts.map(|part| S::from_data(part, device)).collect()
    }
}

/// The values of all parts, one after the other, after the number of tensors of each.
fn join(parts: Vec<Vec<TensorData>>) -> Vec<TensorData> {
    let counts: Vec<i64> = parts.iter().map(|part| part.len() as i64).collect();
    let len = counts.len();
    let mut joined = vec![TensorData::new(counts, [len])];
    joined.extend(parts.into_iter().flatten());
    joined
}

/// The parts that were joined; none if these are no joined parts.
fn split(data: Vec<TensorData>) -> Option<Vec<Vec<TensorData>>> {
    let mut data = data.into_iter();
    let counts = data.next().filter(|counts| counts.dtype().is_int())?;
    let mut parts = Vec::new();
    for count in counts.iter::<i64>() {
        let count = usize::try_from(count).ok()?;
        let part: Vec<TensorData> = data.by_ref().take(count).collect();
        if part.len() < count {
            return None;
        }
        parts.push(part);
    }
    data.next().is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;
    use rnn_model::LstmState;

    use super::*;

    type State = (Option<LstmState<3>>, Vec<Tensor<3>>);

    fn device() -> Device {
        crate::select("auto").expect("a device").device
    }

    /// `[1, 2, 1]`: two sequences with one feature.
    fn tensor(first: f32, second: f32) -> Tensor<3> {
        Tensor::from_data([[[first], [second]]], &device())
    }

    fn lstm() -> Option<LstmState<3>> {
        let (h, c) = (tensor(1.0, 2.0), tensor(3.0, 4.0));
        Some(LstmState { h, c })
    }

    fn values(state: &State) -> Vec<f32> {
        let data = state.to_data().into_iter();
        data.filter(|data| !data.dtype().is_int())
            .flat_map(|data| data.iter::<f32>().collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn states_of_states_come_back_from_their_data() {
        for (state, expected) in [
            (
                (lstm(), vec![tensor(5.0, 6.0)]),
                vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            ),
            (
                (None, vec![tensor(5.0, 6.0), tensor(7.0, 8.0)]),
                vec![5.0, 6.0, 7.0, 8.0],
            ),
            ((lstm(), Vec::new()), vec![1.0, 2.0, 3.0, 4.0]),
            ((None, Vec::new()), Vec::new()),
        ] {
            let again = State::from_data(state.to_data(), &device()).expect("the same kind");
            assert_eq!(values(&again), expected);
            assert_eq!(again.0.is_some(), state.0.is_some());
            assert_eq!(again.1.len(), state.1.len());
        }
    }

    #[test]
    fn every_part_starts_from_zeros_where_a_document_begins() {
        let state: State = (lstm(), vec![tensor(5.0, 6.0)]);
        let state = state.detach().restart(&[true, false]);
        assert_eq!(values(&state), [0.0, 2.0, 0.0, 4.0, 0.0, 6.0]);
    }

    #[test]
    fn data_of_another_kind_make_no_state() {
        let device = device();
        let pair = (tensor(1.0, 2.0), tensor(3.0, 4.0)).to_data();
        assert!(<(Tensor<3>, Tensor<3>)>::from_data(pair.clone(), &device).is_some());
        assert!(Vec::<Tensor<3>>::from_data(pair.clone(), &device).is_some());
        assert!(<(Tensor<3>, LstmState<3>)>::from_data(pair.clone(), &device).is_none());
        assert!(Option::<Tensor<3>>::from_data(pair.clone(), &device).is_none());
        assert!(LstmState::<3>::from_data(pair.clone(), &device).is_none());
        assert!(Vec::<Tensor<3>>::from_data(pair[..2].to_vec(), &device).is_none());
        assert!(Vec::<Tensor<3>>::from_data(pair[1..].to_vec(), &device).is_none());
        assert!(Option::<()>::from_data(Vec::new(), &device).is_none());
    }
}
