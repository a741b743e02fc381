//! The classes and functions that a pickle may name.

use crate::interop::pytorch::elements::{ElementType, Elements};

/// One of them. None is ever called: each stands for what it would make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::interop::pytorch) enum Name {
    /// A dictionary, of pairs or empty: `collections.OrderedDict`, `dict`.
    Dict,
    /// `collections.defaultdict`, whose argument makes missing values.
    DefaultDict,
    /// A list, or what holds its items as one does.
    List,
    /// `torch._utils._rebuild_tensor_v2`, and `_rebuild_tensor` before.
    Tensor,
    /// `torch._utils._rebuild_tensor_v3`, of a storage without a type.
    TypedTensor,
    /// `torch._utils._rebuild_qtensor`.
    QuantizedTensor,
    /// `torch._utils._rebuild_sparse_tensor`.
    SparseTensor,
    /// `torch._utils._rebuild_meta_tensor_no_storage`.
    MetaTensor,
    /// A function whose first argument is what it makes: `torch._utils._rebuild_parameter`.
    First,
    /// `torch._tensor._rebuild_from_type_v2`, which calls its first argument with the third.
    Delegate,
    Storage(Elements),
    /// `torch.float32`.
    Type(Elements),
    /// What has attributes that are read: a module of TorchScript.
    Object,
    /// What makes a plain value: `torch.device`, a counter, a number of NumPy's, a path.
    Plain,
}

impl Name {
    /// The name, if it is one of those; `script` says whether modules of TorchScript are.
    pub fn of(module: &str, name: &str, script: bool) -> Option<Self> {
        if script && (module.starts_with("__torch__.") || module == "__torch__") {
            return Some(Self::Object);
        }
        Some(match (module, name) {
            ("collections", "OrderedDict") | (BUILTINS | BUILTINS_2, "dict") => Self::Dict,
            ("collections", "defaultdict") => Self::DefaultDict,
            ("collections", "deque") => Self::List,
            (BUILTINS | BUILTINS_2, "list" | "tuple" | "set" | "frozenset") => Self::List,
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Self::Tensor,
            ("torch._utils", "_rebuild_tensor_v3") => Self::TypedTensor,
            ("torch._utils", "_rebuild_qtensor") => Self::QuantizedTensor,
            ("torch._utils", "_rebuild_sparse_tensor") => Self::SparseTensor,
            ("torch._utils", "_rebuild_meta_tensor_no_storage") => Self::MetaTensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Self::First,
            ("torch", "Size") => Self::First,
            // Before PyTorch 0.4 a parameter was an object around its tensor.
            ("torch.nn.parameter", "Parameter") => Self::First,
            ("torch._tensor", "_rebuild_from_type_v2") => Self::Delegate,
            ("torch.jit._pickle", name) if MAKES_LISTS.contains(&name) => Self::First,
            // What PyTorch packs quantised weights into.
            ("torch", "ScriptObject") => Self::Object,
            ("torch" | "torch.storage", name) => Self::of_torch(name)?,
            _ if is_plain(module, name) => Self::Plain,
            _ => return None,
        })
    }

    fn of_torch(name: &str) -> Option<Self> {
        const PLAIN: [&str; 16] = [
            "Tensor",
            "device",
            "strided",
            "sparse_coo",
            "sparse_csr",
            "sparse_csc",
            "sparse_bsr",
            "sparse_bsc",
            "contiguous_format",
            "channels_last",
            "preserve_format",
            "per_tensor_affine",
            "per_tensor_symmetric",
            "per_channel_affine",
            "per_channel_symmetric",
            "per_channel_affine_float_qparams",
        ];
        if PLAIN.contains(&name) {
            return Some(Self::Plain);
        }
        let storage = ElementType::of_storage(name).map(Self::Storage);
        storage.or_else(|| ElementType::named(name).map(Self::Type))
    }
}

/// The module of Python's own types, in Python 3 and 2.
const BUILTINS: &str = "builtins";
const BUILTINS_2: &str = "__builtin__";

/// What TorchScript makes lists by.
const MAKES_LISTS: [&str; 6] = [
    "build_intlist",
    "build_tensorlist",
    "build_doublelist",
    "build_boollist",
    "build_complexlist",
    "restore_type_tag",
];

/// Whether it is a class of data, or a function that makes one: what optimisers and schedulers keep, as
/// PyTorch's own `weights_only` lets through, and what programs keep beside their weights.
fn is_plain(module: &str, name: &str) -> bool {
    match module {
        "collections" => name == "Counter",
        "_codecs" => name == "encode",
        BUILTINS | BUILTINS_2 => {
            matches!(
                name,
                "complex"
                    | "unicode"
                    | "xrange"
                    | "Ellipsis"
                    | "NotImplemented"
                    | "bytearray"
                    | "bytes"
                    | "int"
                    | "long"
                    | "float"
                    | "str"
                    | "bool"
                    | "slice"
                    | "range"
                    | "object"
            )
        }
        "copyreg" | "copy_reg" => name == "_reconstructor",
        "argparse" => name == "Namespace",
        "types" => name == "SimpleNamespace",
        "pathlib" | "pathlib._local" => {
            let kind = name.strip_prefix("Pure").unwrap_or(name);
            matches!(kind, "Path" | "PosixPath" | "WindowsPath")
        }
        "datetime" => matches!(
            name,
            "datetime" | "date" | "time" | "timedelta" | "timezone"
        ),
        "numpy.core.multiarray" | "numpy._core.multiarray" => {
            matches!(name, "scalar" | "_reconstruct")
        }
        "numpy.dtypes" => name.ends_with("DType"),
        "numpy" => {
            let bits = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
            matches!(name, "dtype" | "ndarray")
                || matches!(bits, "int" | "uint" | "float" | "complex" | "bool" | "str")
        }
        "torch.serialization" => name == "_get_layout",
        "torch.torch_version" => name == "TorchVersion",
        "torch.nn.parameter" => name == "Buffer",
        "numpy.core.numeric" | "numpy._core.numeric" => name == "_frombuffer",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_does_something_is_allowed() {
        for (module, name) in [
            ("posix", "system"),
            ("os", "system"),
            ("builtins", "eval"),
            ("builtins", "getattr"),
            ("builtins", "__import__"),
            ("torch", "load"),
            ("torch.storage", "_load_from_bytes"),
            ("torch.hub", "load"),
            ("numpy", "load"),
            ("numpy", "fromfile"),
            ("pathlib", "Path.unlink"),
            ("argparse", "ArgumentParser"),
            ("__torch__.model", "Net"),
            ("__main__", "Net"),
            ("functools", "partial"),
        ] {
            assert_eq!(Name::of(module, name, false), None, "{module}.{name}");
        }
        assert_eq!(Name::of("__torch__.model", "Net", true), Some(Name::Object));
    }
}
