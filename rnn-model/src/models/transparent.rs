/// Implements Burn's `Module`, and its display, for a struct around a `model`, without a level in the
/// parameters' names: `fc.bias` of the model is `fc.bias` of the struct. Further modules of the struct
/// have their names, as always.
macro_rules! transparent_module {
    ($name:literal, $type:ty $(, for $($generics:tt)*)?) => {
        transparent_module!($name, $type, [] $(, for $($generics)*)?);
    };
    ($name:literal, $type:ty, [$($field:ident),*] $(, for $($generics:tt)*)?) => {
        impl $(<$($generics)*>)? burn::module::Module for $type {
            fn visit<V: burn::module::ModuleVisitor>(&self, visitor: &mut V) {
                self.model.visit(visitor);
                $(
                    visitor.enter_module(stringify!($field), $name);
                    self.$field.visit(visitor);
                    visitor.exit_module(stringify!($field), $name);
                )*
            }

            fn map<M: burn::module::ModuleMapper>(self, mapper: &mut M) -> Self {
                let model = self.model.map(mapper);
                $(
                    mapper.enter_module(stringify!($field), $name);
                    let $field = burn::module::Module::map(self.$field, mapper);
                    mapper.exit_module(stringify!($field), $name);
                )*
                Self { model, $($field),* }
            }

            fn collect_devices(&self, devices: burn::module::Devices) -> burn::module::Devices {
                let devices = self.model.collect_devices(devices);
                $(let devices = self.$field.collect_devices(devices);)*
                devices
            }

            fn fork(self, device: &burn::tensor::Device) -> Self {
                Self { model: self.model.fork(device), $($field: self.$field.fork(device)),* }
            }

            fn to_device(self, device: &burn::tensor::Device) -> Self {
                Self {
                    model: self.model.to_device(device),
                    $($field: self.$field.to_device(device)),*
                }
            }

            fn train(self) -> Self {
                Self { model: self.model.train(), $($field: self.$field.train()),* }
            }

            fn valid(&self) -> Self {
                Self { model: self.model.valid(), $($field: self.$field.valid()),* }
            }

            fn materialize(self) -> Self {
                Self { model: self.model.materialize(), $($field: self.$field.materialize()),* }
            }
        }

        impl $(<$($generics)*>)? burn::module::ModuleDisplay for $type {}

        impl $(<$($generics)*>)? burn::module::ModuleDisplayDefault for $type {
            fn content(&self, content: burn::module::Content) -> Option<burn::module::Content> {
                let content = self.model.content(content)?;
                $(
                    let content = match &self.$field {
                        Some(module) => content.add(stringify!($field), module),
                        None => content,
                    };
                )*
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
