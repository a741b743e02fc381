//! Checked by the compiler: what the README says of threads.

use crate::*;

const fn is_send_and_sync<T: Send + Sync>() {}

const _: () = {
    is_send_and_sync::<Rnn>();
    is_send_and_sync::<Lstm>();
    is_send_and_sync::<Gru>();
    is_send_and_sync::<AnyRecurrent>();
    is_send_and_sync::<RnnCell>();
    is_send_and_sync::<LstmCell>();
    is_send_and_sync::<GruCell>();
    is_send_and_sync::<Classifier<AnyRecurrent>>();
    is_send_and_sync::<TokenModel<AnyRecurrent>>();
    is_send_and_sync::<Tagger<AnyRecurrent>>();
    is_send_and_sync::<LanguageModel<AnyRecurrent>>();
    is_send_and_sync::<CharRnn>();
    is_send_and_sync::<AnyState>();
    is_send_and_sync::<LstmState<3>>();
    is_send_and_sync::<Lengths>();
    is_send_and_sync::<AnyConfig>();
    is_send_and_sync::<LstmCellConfig>();
    is_send_and_sync::<ClassifierConfig<AnyConfig>>();
    is_send_and_sync::<TokenModelConfig<AnyConfig>>();
    is_send_and_sync::<StateDict>();
    is_send_and_sync::<StateDictError>();
    is_send_and_sync::<ConfigError>();
    is_send_and_sync::<LengthsError>();
    is_send_and_sync::<SamplingError>();
};
