/**
 * What the tests of both modules share; nothing in main sees it.
 *
 * <p>Start at {@link dev.tare.testkit.SmallModels}, whole ONNX models of a few nodes, and {@link
 * dev.tare.testkit.Models}, which builds any other node by node. {@link
 * dev.tare.testkit.PythonEnvironment} gives tests that compare with other people's software a
 * Python of their own. Builders are not thread-safe; each is confined to one test.
 */
package dev.tare.testkit;
