package dev.tare.jobs.cli;

import java.lang.reflect.Member;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The options of a help page. Where they are many they stand under headings, so that a reader finds
 * what they look for; a switch is shown by its name alone.
 */
final class OptionGroups {

  /** A list of so many options is read at a glance. */
  private static final int FEW = 16;

  private static final String OTHER = "Options";

  /** By the class that declares an option. */
  private static final Map<Class<?>, String> HEADINGS =
      Map.ofEntries(
          Map.entry(ModelFlags.class, "Model and data"),
          Map.entry(DataFlags.class, "Model and data"),
          Map.entry(ImageFlags.class, "Images"),
          Map.entry(OutputFlags.class, "Output"),
          Map.entry(OutputFlags.IfNotAtomic.class, "Output"),
          Map.entry(RecipeFlags.class, "Recipe"),
          Map.entry(CompensateFlags.class, "Recipe"),
          Map.entry(RunCommand.class, "Evaluation and gate"),
          Map.entry(EvaluateCommand.class, "Evaluation and gate"),
          Map.entry(QualityFlags.class, "Evaluation and gate"),
          Map.entry(CalibrateCommand.class, "What to observe and collect"),
          Map.entry(ObserveFlags.class, "What to observe and collect"),
          Map.entry(TareCommand.class, "General"));

  private OptionGroups() {}

  /** Lays out the help of a subcommand so. */
  static void apply(CommandLine line) {
    Map<String, CommandLine.IHelpSectionRenderer> sections = line.getHelpSectionMap();
    sections.put(
        UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING,
        help -> grouped(help) ? "" : help.optionListHeading());
    sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, OptionGroups::render);
    line.setHelpSectionMap(sections);
  }

  private static boolean grouped(Help help) {
    return help.commandSpec().options().size() > FEW;
  }

  private static String render(Help help) {
    List<OptionSpec> all = new ArrayList<>(help.commandSpec().options());
    all.removeIf(OptionSpec::hidden);
    all.sort((a, b) -> Integer.compare(a.order(), b.order()));
    if (!grouped(help)) {
      return list(help, all, all);
    }
    Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();
    for (OptionSpec option : all) {
      groups.computeIfAbsent(heading(option), h -> new ArrayList<>()).add(option);
    }
    StringBuilder text = new StringBuilder();
    groups.forEach(
        (heading, options) ->
            text.append(String.format("%n%s%n", heading)).append(list(help, all, options)));
    return text.toString();
  }

  private static String heading(OptionSpec option) {
    return option.userObject() instanceof Member member
        ? HEADINGS.getOrDefault(member.getDeclaringClass(), OTHER)
        : OTHER;
  }

  /**
   * @param all options of the page, which share a column of names
   */
  private static String list(Help help, List<OptionSpec> all, List<OptionSpec> shown) {
    Help.Layout layout = help.createDefaultLayout(all, List.of(), help.colorScheme());
    layout.addOptions(shown, labels(help.parameterLabelRenderer()));
    return layout.toString();
  }

  private static Help.IParamLabelRenderer labels(Help.IParamLabelRenderer usual) {
    return new Help.IParamLabelRenderer() {
      @Override
      public Help.Ansi.Text renderParameterLabel(
          ArgSpec argument, Help.Ansi ansi, List<Help.Ansi.IStyle> styles) {
        return argument.typeInfo().isBoolean()
            ? ansi.text("")
            : usual.renderParameterLabel(argument, ansi, styles);
      }

      @Override
      public String separator() {
        return usual.separator();
      }
    };
  }
}
