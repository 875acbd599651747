namespace ShantingEId.Cases;

/// <summary>How far a step is.</summary>
public enum StepState
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>Waits for other steps.</summary>
    Waiting = 1,

    /// <summary>The department may take it up.</summary>
    Open = 2,

    /// <summary>The department works on it; a licence is granted and being issued.</summary>
    Accepted = 3,

    /// <summary>Done.</summary>
    Done = 4,

    /// <summary>Something needs mending.</summary>
    Returned = 5,

    /// <summary>Refused.</summary>
    Refused = 6,

    /// <summary>Withdrawn by the applicant, or with the licence.</summary>
    Withdrawn = 7,

    /// <summary>A licence that waits for a person.</summary>
    Review = 8,
}

/// <summary>How far a case is.</summary>
public enum CaseState
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>Some step has not ended.</summary>
    Running = 1,

    /// <summary>Every step is done, but for those that were withdrawn.</summary>
    Completed = 2,

    /// <summary>Every step has ended, and not all well.</summary>
    Closed = 3,
}

/// <summary>What the states mean for time and order.</summary>
public static class StepStates
{
    /// <summary>Nothing more comes of it by itself.</summary>
    public static bool HasEnded(this StepState state) => state is StepState.Done or StepState.Refused or StepState.Withdrawn;

    /// <summary>The deadline runs: it is the department's turn.</summary>
    public static bool IsDue(this StepState state) => state is StepState.Open or StepState.Accepted or StepState.Review;
}
