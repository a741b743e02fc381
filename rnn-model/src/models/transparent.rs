/// Implements Burn's `Module`, and its display, for a struct around a `model`, without a level in the
/// parameters' names: `fc.bias` of the model is `fc.bias` of the struct.
macro_rules! transparent_module {
    ($name:literal, $type:ty $(, for $($generics:tt)*)?) => {
        impl $(<$($generics)*>)? burn::module::Module for $type {
            fn visit<V: burn::module::ModuleVisitor>(&self, visitor: &mut V) {
                self.model.visit(visitor);
            }

            fn map<M: burn::module::ModuleMapper>(self, mapper: &mut M) -> Self {
                Self { model: self.model.map(mapper) }
            }

            fn collect_devices(&self, devices: burn::module::Devices) -> burn::module::Devices {
                self.model.collect_devices(devices)
            }

            fn fork(self, device: &burn::tensor::Device) -> Self {
                Self { model: self.model.fork(device) }
            }

            fn to_device(self, device: &burn::tensor::Device) -> Self {
                Self { model: self.model.to_device(device) }
            }

            fn train(self) -> Self {
                Self { model: self.model.train() }
            }

            fn valid(&self) -> Self {
                Self { model: self.model.valid() }
            }

            fn materialize(self) -> Self {
                Self { model: self.model.materialize() }
            }
        }

        impl $(<$($generics)*>)? burn::module::ModuleDisplay for $type {}

        impl $(<$($generics)*>)? burn::module::ModuleDisplayDefault for $type {
            fn content(&self, content: burn::module::Content) -> Option<burn::module::Content> {
                let content = self.model.content(content)?;
                Some(content.set_top_level_type($name))
            }
        }

        impl $(<$($generics)*>)? core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&burn::module::ModuleDisplay::format(self, Default::default()))
            }
        }
    };
}

pub(super) use transparent_module;
