package dev.tare.jobs.artifact;

/**
 * One file of a run.
 *
 * @param path relative to the run folder, with slashes
 * @param digest its bytes
 */
public record FileEntry(String path, Digest digest) implements Comparable<FileEntry> {

  /**
   * @throws IllegalArgumentException if the path is empty, absolute, leaves the folder by ".." or
   *     has a control character
   */
  public FileEntry {
    if (!possible(path)) {
      throw new IllegalArgumentException("Not a path inside a run folder: '" + path + "'");
    }
  }

  /** Whether a path is valid for a file of a run; other files may have any name. */
  public static boolean possible(String path) {
    boolean inside = !path.contains("\\") && path.chars().noneMatch(Character::isISOControl);
    for (String element : path.split("/", -1)) {
      inside &= !element.isEmpty() && !element.equals("..") && !element.equals(".");
    }
    return inside;
  }

  @Override
  public int compareTo(FileEntry other) {
    return path.compareTo(other.path);
  }

  /** Whether the file is a part or inside a part's folder. */
  public boolean belongsTo(Part part) {
    return part.holds(path);
  }
}
