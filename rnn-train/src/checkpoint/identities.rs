//! The ids by which the state of Burn's optimisers refers to parameters.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// The id of each parameter of `module`, by its name.
pub(crate) fn identities<M: Module>(module: &M) -> BTreeMap<String, u64> {
    let mut reader = Reader::default();
    module.visit(&mut reader);
    reader.identities
}

/// `module` with other ids; a parameter without a new one keeps its own.
pub(crate) fn with_identities<M: Module>(module: M, identities: &BTreeMap<String, u64>) -> M {
    let path = Vec::new();
    module.map(&mut Writer { path, identities })
}

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    identities: BTreeMap<String, u64>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.identities.insert(self.path.join("."), param.id.val());
    }
}

struct Writer<'a> {
    path: Vec<String>,
    identities: &'a BTreeMap<String, u64>,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.identities.get(&self.path.join(".")) {
            Some(&id) => {
                // A leaf of the graph, as parameters are.
                let saved = param.transform_for_save().val().detach();
                param.transform_for_load(saved, ParamId::from(id))
            }
            None => param,
        }
    }
}
