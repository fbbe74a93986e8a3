"""Converts one float TFLite model inside a Python wheel to ONNX: `convert.py WHEEL MEMBER OUT.onnx`.

It knows the operators of the face models and nothing else, and stops at anything it does not know. The names
and shapes of inputs and outputs stay as they are, but for the picture, which becomes channels-first, because
that is what OpenCV feeds. The same input gives the same bytes every time.
"""

import sys
import zipfile

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPSET = 11  # the newest that all layers of OpenCV 4.6 read
IR_VERSION = 6  # goes with that operator set
DTYPES = {tflite.TensorType.FLOAT32: "<f4", tflite.TensorType.FLOAT16: "<f2", tflite.TensorType.INT32: "<i4"}
NO_ACTIVATION = tflite.ActivationFunctionType.NONE


class Converter:
    def __init__(self, data):
        self.model = tflite.Model.GetRootAs(data, 0)
        if self.model.SubgraphsLength() != 1:
            sys.exit("the model has more than one graph")
        self.graph = self.model.Subgraphs(0)
        self.nodes, self.initializers = [], []
        self.names = {}  # tensor index -> name in ONNX
        self.constants = {}  # tensor index -> value, in the layout of TFLite

    def shape(self, index):
        return [int(side) for side in self.graph.Tensors(index).ShapeAsNumpy()]

    def constant(self, index):
        if index not in self.constants:
            tensor = self.graph.Tensors(index)
            raw = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
            self.constants[index] = np.frombuffer(raw.tobytes(), DTYPES[tensor.Type()]).reshape(self.shape(index))
        return self.constants[index]

    def initializer(self, value):
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weights(self, value):
        return self.initializer(value.astype(np.float32))

    def emit(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def name(self, index):
        return self.names.setdefault(index, f"tensor_{index}")

    def options(self, operator, kind):
        options = kind()
        options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        if hasattr(options, "FusedActivationFunction") and options.FusedActivationFunction() != NO_ACTIVATION:
            sys.exit("fused activations are not known")
        return options

    def window(self, options, source, kernel):
        """Strides and explicit padding; TFLite's SAME puts the odd pixel at the bottom and the right."""
        strides, before, after = [options.StrideH(), options.StrideW()], [0, 0], [0, 0]
        if options.Padding() == tflite.Padding.SAME:
            for axis, side in enumerate(self.shape(source)[1:3]):
                steps = -(-side // strides[axis])
                total = max((steps - 1) * strides[axis] + kernel[axis] - side, 0)
                before[axis], after[axis] = total // 2, total - total // 2
        return {"kernel_shape": kernel, "strides": strides, "pads": before + after}

    def convolution(self, operator, inputs, output, depthwise):
        options = self.options(operator, tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
        if options.DilationHFactor() != 1 or options.DilationWFactor() != 1:
            sys.exit("dilated convolutions are not known")
        source, kernel, bias = inputs
        weights = self.constant(kernel)
        # Depthwise kernels are 1 x height x width x channels, the others out x height x width x in.
        weights = weights.transpose(3, 0, 1, 2) if depthwise else weights.transpose(0, 3, 1, 2)
        group = self.shape(source)[3] if depthwise else 1
        names = [self.name(source), self.weights(weights), self.weights(self.constant(bias))]
        self.emit("Conv", names, output, group=group, **self.window(options, source, list(weights.shape[2:])))

    def operator(self, operator):
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        kind = tflite.opcode2name(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        target = operator.Outputs(0)
        output = self.name(target)
        if kind == "DEQUANTIZE":
            # Half-precision weights, which the runtime would widen at every start.
            self.constants[target] = self.constant(inputs[0]).astype(np.float32)
        elif kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self.convolution(operator, inputs, output, kind == "DEPTHWISE_CONV_2D")
        elif kind == "ADD":
            self.options(operator, tflite.AddOptions)
            self.emit("Add", [self.name(index) for index in inputs], output)
        elif kind == "RELU":
            self.emit("Relu", [self.name(inputs[0])], output)
        elif kind == "PRELU":
            slope = self.constant(inputs[1]).reshape(-1, 1, 1)
            self.emit("PRelu", [self.name(inputs[0]), self.weights(slope)], output)
        elif kind == "MAX_POOL_2D":
            options = self.options(operator, tflite.Pool2DOptions)
            window = self.window(options, inputs[0], [options.FilterHeight(), options.FilterWidth()])
            self.emit("MaxPool", [self.name(inputs[0])], output, **window)
        elif kind == "PAD":
            pads = self.constant(inputs[1])[[0, 3, 1, 2]].T.reshape(-1).astype(np.int64)
            self.emit("Pad", [self.name(inputs[0]), self.initializer(pads)], output, mode="constant")
        elif kind == "RESHAPE":
            source = self.channels_last(inputs[0], output + "_source")
            shape = self.initializer(np.array(self.shape(target), dtype=np.int64))
            self.emit("Reshape", [source, shape], output)
        elif kind == "CONCATENATION":
            options = self.options(operator, tflite.ConcatenationOptions)
            if len(self.shape(target)) == 4:
                sys.exit("concatenation of pictures is not known")
            self.emit("Concat", [self.name(index) for index in inputs], output, axis=options.Axis())
        else:
            sys.exit(f"the operator {kind} is not known")

    def channels_last(self, index, name):
        if len(self.shape(index)) != 4:
            return self.name(index)
        self.emit("Transpose", [self.name(index)], name, perm=[0, 2, 3, 1])
        return name

    def convert(self, title):
        source = self.graph.Inputs(0)
        self.names[source] = self.graph.Tensors(source).Name().decode()
        targets = [self.graph.Outputs(i) for i in range(self.graph.OutputsLength())]
        outputs = []
        for target in targets:
            label = self.graph.Tensors(target).Name().decode()
            outputs.append(helper.make_tensor_value_info(label, TensorProto.FLOAT, self.shape(target)))
            if len(self.shape(target)) != 4:
                self.names[target] = label
        for i in range(self.graph.OperatorsLength()):
            self.operator(self.graph.Operators(i))
        for target, value in zip(targets, outputs):
            self.channels_last(target, value.name)
        batch, height, width, channels = self.shape(source)
        picture = helper.make_tensor_value_info(self.names[source], TensorProto.FLOAT, [batch, channels, height, width])
        graph = helper.make_graph(self.nodes, title, [picture], outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)


def main():
    wheel, member, target = sys.argv[1:]
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(member)
    with open(target, "wb") as file:
        file.write(Converter(data).convert("face"))


if __name__ == "__main__":
    main()
