package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.Part;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The runs and names below a folder, found by one listing.
 *
 * <p>A run's folder has a manifest, a status or the folder of an attempt; its content is not
 * searched. Folders whose names begin with an underscore or a dot are hidden.
 *
 * @param root where the search began
 * @param runs folders of runs, finished or not, in the order of their paths
 * @param names names with a pointer, in the order of their paths
 */
public record RunTree(Path root, List<RunFolder> runs, List<RunName> names) {

  public RunTree {
    runs = List.copyOf(runs);
    names = List.copyOf(names);
  }

  /**
   * Searches a folder for runs and names. Cost: one listing per folder that is not a run's.
   *
   * @throws TareException (bad input) if the folder does not exist
   */
  public static RunTree below(String location, Configuration hadoop) throws IOException {
    Path root = Locations.qualified(location, hadoop);
    FileSystem fileSystem = root.getFileSystem(hadoop);
    List<RunFolder> runs = new ArrayList<>();
    List<RunName> names = new ArrayList<>();
    try {
      if (fileSystem.getFileStatus(root).isFile()) {
        throw TareException.badInput("Not a folder: " + root);
      }
      search(root, fileSystem, hadoop, runs, names);
    } catch (FileNotFoundException e) {
      throw TareException.badInput("No such folder: " + root, e);
    }
    return new RunTree(root, runs, names);
  }

  private static void search(
      Path folder,
      FileSystem fileSystem,
      Configuration hadoop,
      List<RunFolder> runs,
      List<RunName> names)
      throws IOException {
    List<Path> inside = new ArrayList<>();
    boolean run = false;
    for (FileStatus entry : Locations.entries(fileSystem, folder)) {
      String name = entry.getPath().getName();
      if (!entry.isDirectory()) {
        run |= name.equals(Part.MANIFEST.fileName()) || name.equals(Part.STATUS.fileName());
      } else if (AttemptFolder.begins(name)) {
        run = true;
      } else if (RunName.isPointer(name)) {
        names.add(RunName.at(folder, hadoop));
      } else if (!name.startsWith("_") && !name.startsWith(".")) {
        inside.add(entry.getPath());
      }
    }
    if (run) {
      runs.add(RunFolder.existing(folder, hadoop));
      return;
    }
    inside.sort(null);
    for (Path path : inside) {
      search(path, fileSystem, hadoop, runs, names);
    }
  }

  /** Returns the path of a folder relative to the root, or the full path if it is elsewhere. */
  public String relative(Path path) {
    String folder = root.toUri().getPath();
    String prefix = folder.endsWith("/") ? folder : folder + "/";
    String text = path.toUri().getPath();
    return text.startsWith(prefix) ? text.substring(prefix.length()) : path.toString();
  }
}
